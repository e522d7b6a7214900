-- title: Evidence of a finding
-- doc: On which records does a finding rest, and where do they stand?
-- param finding UINTEGER: The finding (see `findings`).
-- column position: Order within the finding.
-- column role: What the record establishes.
-- column place: Input and line.
-- column time_ns (ns): Time on the clock of its source.
-- column text: The record as it stands in the source.
SELECT * FROM evidence_of($finding) ORDER BY position;
