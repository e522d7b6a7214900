-- kind: table macro
-- doc: What the model knows of every function at an instant: after the last event at or before it. Of an address that was
--   removed and found again, the newest generation by then.
-- param at_ns BIGINT (ns): Common time.
-- column function VARCHAR: Address.
-- column generation USMALLINT: Generation of the address.
-- column layer VARCHAR: `hw`, `core` or `drv`.
-- column field VARCHAR: Field of the layer, e.g. `en`.
-- column value INTEGER: Value; NULL = known to be unknown.
-- column origin VARCHAR: How it came about (see `transitions`).
-- column since_event UINTEGER: Event that made it so.
-- column since_ns BIGINT (ns): Its common time.
-- example: SELECT * FROM state_at(25591800000) ORDER BY "function", layer, field
WITH last AS (
  SELECT max(event) AS event FROM main.ats_events WHERE time_ns <= at_ns
), appeared AS (
  SELECT f.fn, f."function", f.generation
  FROM main.functions f
  WHERE EXISTS (FROM main.ats_events e, last WHERE e.fn = f.fn AND e.event <= last.event)
  QUALIFY row_number() OVER (PARTITION BY f."function" ORDER BY f.generation DESC) = 1
)
SELECT
  a."function",
  a.generation,
  t.layer,
  t.field,
  t.new_value AS value,
  t.origin,
  t.event AS since_event,
  t.time_ns AS since_ns
FROM main.transitions t JOIN appeared a USING (fn), last
WHERE t.event <= last.event
QUALIFY row_number() OVER (PARTITION BY t.fn, t.layer, t.field ORDER BY t.event DESC) = 1
