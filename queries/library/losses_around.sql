-- kind: table macro
-- doc: Losses that touch the time of a finding or what led to it, so that one can tell whether it rests on a gap.
-- param finding_number UINTEGER: The finding (see `findings`).
-- param within_ns BIGINT (ns): How far before and after its evidence still counts.
-- column source USMALLINT: The source (see `sources`).
-- column kind VARCHAR: Kind of loss.
-- column cpu USMALLINT: CPU whose buffer lost them; NULL when any.
-- column count BIGINT: How many were lost; NULL when the recording does not say.
-- column from_ns BIGINT (ns): Common time of the last record before.
-- column to_ns BIGINT (ns): Common time of the first record after.
-- column message VARCHAR: What the recording says.
-- example: SELECT * FROM losses_around(0, 1000000000) ORDER BY from_ns NULLS FIRST, to_ns, source, message
SELECT l.source, l.kind, l.cpu, l.count, l.from_ns, l.to_ns, l.message
FROM loss_windows l, main.findings f
WHERE f.finding = finding_number
  AND coalesce(l.from_ns, l.to_ns, f.time_ns) <= f.time_ns + within_ns
  AND coalesce(l.to_ns, f.time_ns) >= coalesce(f.since_ns, f.time_ns) - within_ns
