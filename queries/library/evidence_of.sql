-- kind: table macro
-- doc: The records that a finding rests on, oldest first, with the place where each stands.
-- param finding_number UINTEGER: The finding (see `findings`).
-- column position USMALLINT: Order within the finding.
-- column role VARCHAR: What the record establishes.
-- column place VARCHAR: Input and line.
-- column time_ns BIGINT (ns): Time on the clock of its source.
-- column text VARCHAR: The record as it stands in the source.
-- example: SELECT * FROM evidence_of(0) ORDER BY position
SELECT e.position, e.role, s.path || coalesce(':' || e.line, '') AS place, e.time_ns, e."text"
FROM main.evidence e JOIN main.sources s USING (source)
WHERE e.finding = finding_number
