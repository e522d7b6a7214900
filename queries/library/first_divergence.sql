-- kind: view
-- doc: For each function generation the first interval in which two layers disagree on ATS after the call that changed it was
--   over.
-- column fn UINTEGER: Function generation.
-- column function VARCHAR: Its address.
-- column layers VARCHAR: The two layers, e.g. `core, drv`.
-- column first_value INTEGER: What the first of them says: 1 on, 0 off.
-- column second_value INTEGER: What the second says.
-- column from_event UINTEGER: Event from which they disagree.
-- column from_ns BIGINT (ns): Its common time.
-- column duration_ns BIGINT (ns): How long they disagree.
-- example: SELECT * FROM first_divergence ORDER BY from_event, fn
SELECT fn, "function", layers, first_value, second_value, from_event, from_ns, duration_ns
FROM divergences
WHERE NOT within_call
QUALIFY row_number() OVER (PARTITION BY fn ORDER BY from_event, layers) = 1
