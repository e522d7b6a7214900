-- kind: view
-- doc: Losses on the common time, so that they compare with events, findings and states.
-- column source USMALLINT: The source (see `sources`).
-- column kind VARCHAR: Kind of loss (see `losses`).
-- column cpu USMALLINT: CPU whose buffer lost them; NULL when any.
-- column count BIGINT: How many were lost; NULL when the recording does not say.
-- column from_ns BIGINT (ns): Common time of the last record before; NULL where the loss has no begin.
-- column to_ns BIGINT (ns): Common time of the first record after; NULL where the loss has no end.
-- column message VARCHAR: What the recording says.
-- example: SELECT * FROM loss_windows ORDER BY from_ns NULLS FIRST, to_ns, source, message
SELECT
  l.source,
  l.kind,
  l.cpu,
  l.count,
  l.from_ns + coalesce(c.offset_ns, 0) AS from_ns,
  l.to_ns + coalesce(c.offset_ns, 0) AS to_ns,
  l.message
FROM main.losses l LEFT JOIN main.clocks c USING (source)
