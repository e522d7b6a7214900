-- kind: view
-- doc: Intervals in which ATS of a function is on in its register.
-- column fn UINTEGER: Function generation.
-- column function VARCHAR: Its address.
-- column from_ns BIGINT (ns): Common time it was switched on, or first seen on.
-- column to_ns BIGINT (ns): Common time it was switched off, or the recording ends.
-- column duration_ns BIGINT (ns): How long.
-- column switched_on_by VARCHAR: How the begin is known (see `transitions.origin`).
-- column ended BOOLEAN: False where it is still on at the end.
-- example: SELECT * FROM enabled_windows ORDER BY from_ns, fn
SELECT fn, "function", from_ns, to_ns, to_ns - from_ns AS duration_ns, origin AS switched_on_by, to_event IS NOT NULL AS ended
FROM main.state_intervals
WHERE layer = 'hw' AND field = 'en' AND value = 1
