-- kind: table macro
-- doc: Everything recorded around an instant, on the common time: trace events, log records, and what the model made of them.
-- param at_ns BIGINT (ns): Common time.
-- param within_ns BIGINT (ns): How far before and after.
-- column time_ns BIGINT (ns): Common time.
-- column distance_ns BIGINT (ns): From the instant; negative before it.
-- column what VARCHAR: `trace`, `log` or `model`.
-- column name VARCHAR: Kind of trace event or event of the model; device or driver of a log record.
-- column function VARCHAR: Address of the PCI function, where known.
-- column comm VARCHAR: Name of the task, where known.
-- column text VARCHAR: Message of a log record; result of an event of the model.
-- column source USMALLINT: The source (see `sources`).
-- column line UINTEGER: Line number from 1, for text.
-- example: SELECT * FROM near(25591800000, 1000000) ORDER BY time_ns, what, source, line
SELECT time_ns, (time_ns - at_ns)::BIGINT AS distance_ns, what, name, "function", comm, "text", source, line
FROM (
  SELECT e.time_ns + coalesce(c.offset_ns, 0) AS time_ns, 'trace' AS what, e.event AS name, NULL AS "function", e.comm, NULL AS "text", e.source, e.line
  FROM trace_events e LEFT JOIN main.clocks c USING (source)
  UNION ALL
  SELECT l.time_ns + coalesce(c.offset_ns, 0), 'log', coalesce(l.device, l.driver), bdf(l.device), NULL, l.message, l.source, l.line
  FROM main.log_records l LEFT JOIN main.clocks c USING (source)
  UNION ALL
  SELECT m.time_ns, 'model', m.kind || ' ' || m.phase, m."function", m.comm, error_name(m.result), m.source, m.line
  FROM main.ats_events m
)
WHERE time_ns BETWEEN at_ns - within_ns AND at_ns + within_ns
