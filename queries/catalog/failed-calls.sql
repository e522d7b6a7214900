-- title: Calls that failed
-- doc: Which calls returned an error or made the kernel WARN?
-- column call: Number of the call (see `ats_calls`).
-- column kind: What was called.
-- column function: Address of the function.
-- column start_ns (ns): Entry; NULL when not seen.
-- column page_shift: Page shift asked for.
-- column outcome: `ok`, the name of the error, or `not recorded`.
-- column warned: True when a kernel WARN belongs to the call.
-- column caller: Caller, where the recording names it.
SELECT call, kind, "function", start_ns, page_shift, outcome, warned, caller
FROM calls
WHERE warned OR result < 0
ORDER BY call;
