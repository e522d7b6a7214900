-- kind: view
-- doc: All trace events of all kinds over their common columns. The fields of a kind are in its table in the schema `ftrace`.
-- column event VARCHAR: Kind of the event: the name of its table in the schema `ftrace` (an ENUM, which behaves as text).
-- column source USMALLINT: The source (see `sources`).
-- column seq UINTEGER: Number of the event in its source.
-- column time_ns BIGINT (ns): Time on the clock of its source (see `clocks` for the common time).
-- column cpu USMALLINT: CPU that recorded it.
-- column pid INTEGER: Task that was running.
-- column comm VARCHAR: Name of that task.
-- column symbol VARCHAR: Probed function, where the event names it.
-- column caller VARCHAR: Where a return probe says the function returned to.
-- column is_return BOOLEAN: True for an event of a return probe.
-- column line UINTEGER: Line number from 1, for text.
-- example: SELECT event, count(*) AS events FROM trace_events GROUP BY event ORDER BY events DESC, event
SELECT
  NULL::VARCHAR AS event,
  NULL::USMALLINT AS source,
  NULL::UINTEGER AS seq,
  NULL::BIGINT AS time_ns,
  NULL::USMALLINT AS cpu,
  NULL::INTEGER AS pid,
  NULL::VARCHAR AS comm,
  NULL::VARCHAR AS symbol,
  NULL::VARCHAR AS caller,
  NULL::BOOLEAN AS is_return,
  NULL::UINTEGER AS line
WHERE false
