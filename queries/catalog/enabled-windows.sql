-- title: When ATS was on
-- doc: In which intervals was ATS of each function on in its register?
-- column function: Address.
-- column from_ns (ns): Common time it was switched on, or first seen on.
-- column to_ns (ns): Common time it was switched off, or the recording ends.
-- column duration_ns (ns): How long.
-- column switched_on_by: How the begin is known.
-- column ended: False where it is still on at the end.
SELECT "function", from_ns, to_ns, duration_ns, switched_on_by, ended FROM enabled_windows ORDER BY from_ns, "function";
