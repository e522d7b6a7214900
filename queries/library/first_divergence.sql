-- kind: view
-- doc: For each function generation the first interval in which two layers disagree on ATS after the call that changed it was
--   over.
-- column fn UINTEGER: Function generation.
-- column function VARCHAR: Its address.
-- column field VARCHAR: `en` (whether ATS is on) or `stu` (the field of the register).
-- column layers VARCHAR: The two layers, e.g. `core, drv`.
-- column first_value INTEGER: What the first of them says; for `en` 1 on, 0 off.
-- column second_value INTEGER: What the second says.
-- column from_event UINTEGER: Event that made them disagree.
-- column from_ns BIGINT (ns): Its common time.
-- column shown_event UINTEGER: Event at which a rule noticed; NULL when none did.
-- column finding UINTEGER: The finding of that rule.
-- column duration_ns BIGINT (ns): How long they disagree.
-- example: SELECT * FROM first_divergence ORDER BY from_event, fn
SELECT fn, "function", field, layers, first_value, second_value, from_event, from_ns, shown_event, finding, duration_ns
FROM main.divergences
WHERE NOT within_call
QUALIFY row_number() OVER (PARTITION BY fn ORDER BY from_event, layers, field) = 1
