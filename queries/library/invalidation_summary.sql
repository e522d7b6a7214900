-- kind: view
-- doc: Invalidations of translation caches and their timeouts, for each function that had any.
-- column function VARCHAR: Address of the function; NULL where the event names none.
-- column invalidations BIGINT: Invalidations sent.
-- column timeouts BIGINT: Invalidations that were not answered in time.
-- column while_off BIGINT: Invalidations sent while the register was known to be off.
-- column first_ns BIGINT (ns): The first.
-- column last_ns BIGINT (ns): The last.
-- example: SELECT * FROM invalidation_summary ORDER BY invalidations DESC, "function"
SELECT
  e."function",
  count(*) FILTER (e.kind = 'invalidate') AS invalidations,
  count(*) FILTER (e.kind = 'log.timeout') AS timeouts,
  count(*) FILTER (
    e.kind = 'invalidate'
    AND EXISTS (
      FROM main.state_intervals i
      WHERE i.fn = e.fn
        AND i.layer = 'hw'
        AND i.field = 'en'
        AND i.value = 0
        AND i.from_event <= e.event
        AND e.event < coalesce(i.to_event, 4294967295)
    )
  ) AS while_off,
  min(e.time_ns) AS first_ns,
  max(e.time_ns) AS last_ns
FROM main.ats_events e
WHERE e.kind IN ('invalidate', 'log.timeout')
GROUP BY e."function"
