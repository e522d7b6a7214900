-- kind: view
-- doc: Calls with duration and result in words: what `ats_calls` has, easier to read.
-- column call UINTEGER: Number of the call (see `ats_calls`).
-- column kind VARCHAR: What was called, e.g. `ats.enable`.
-- column function VARCHAR: Address of the function.
-- column start_ns BIGINT (ns): Entry; NULL when not seen.
-- column end_ns BIGINT (ns): Return; NULL when not seen.
-- column duration_ns BIGINT (ns): Time between them.
-- column page_shift INTEGER: Page shift asked for.
-- column page_bytes BIGINT (bytes): The same as a size.
-- column result BIGINT: Value returned; NULL when not recorded.
-- column outcome VARCHAR: `ok`, the name of the error, or `not recorded`.
-- column warned BOOLEAN: True when a kernel WARN belongs to the call.
-- column caller VARCHAR: Caller, where the recording names it.
-- column called_in VARCHAR: Kind of the call it is nested in.
-- column pid INTEGER: Task.
-- example: SELECT * FROM calls WHERE outcome NOT IN ('ok', 'not recorded') ORDER BY call
SELECT
  c.call,
  c.kind,
  c."function",
  c.start_ns,
  c.end_ns,
  c.duration_ns,
  c.page_shift,
  page_bytes(c.page_shift) AS page_bytes,
  c.result,
  coalesce(error_name(c.result), 'not recorded') AS outcome,
  c.warned,
  c.caller,
  p.kind AS called_in,
  c.pid
FROM main.ats_calls c LEFT JOIN main.ats_calls p ON p.call = c.parent
