-- kind: view
-- doc: Intervals in which two layers are both known and disagree on whether ATS is on. While a call of the function runs they
--   may: the register is written before the kernel notes it.
-- column fn UINTEGER: Function generation.
-- column function VARCHAR: Its address.
-- column layers VARCHAR: The two layers, e.g. `hw, core`.
-- column first_value INTEGER: What the first of them says: 1 on, 0 off.
-- column second_value INTEGER: What the second says.
-- column from_event UINTEGER: Event from which they disagree.
-- column from_ns BIGINT (ns): Its common time.
-- column to_ns BIGINT (ns): Common time at which they agree again, or the recording ends.
-- column duration_ns BIGINT (ns): How long.
-- column within_call BOOLEAN: True where one call covers all of it.
-- example: SELECT * FROM divergences WHERE NOT within_call ORDER BY from_event, fn, layers
SELECT
  a.fn,
  a."function",
  a.layer || ', ' || b.layer AS layers,
  a.value AS first_value,
  b.value AS second_value,
  greatest(a.from_event, b.from_event) AS from_event,
  greatest(a.from_ns, b.from_ns) AS from_ns,
  least(a.to_ns, b.to_ns) AS to_ns,
  least(a.to_ns, b.to_ns) - greatest(a.from_ns, b.from_ns) AS duration_ns,
  EXISTS (
    FROM main.ats_calls c
    WHERE c.fn = a.fn
      AND c.enter_event <= greatest(a.from_event, b.from_event)
      AND c.return_event >= least(coalesce(a.to_event, 4294967295), coalesce(b.to_event, 4294967295))
  ) AS within_call
FROM main.state_intervals a
  JOIN main.state_intervals b ON a.fn = b.fn
    AND (a.layer, b.layer) IN (('hw', 'core'), ('core', 'drv'), ('hw', 'drv'))
    AND a.from_event < coalesce(b.to_event, 4294967295)
    AND b.from_event < coalesce(a.to_event, 4294967295)
WHERE a.field = 'en' AND b.field = 'en' AND a.value <> b.value
