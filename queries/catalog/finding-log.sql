-- title: The kernel log around findings
-- doc: What did the kernel log say around each finding? The four nearest records before and after it, within a second, for
--   the first 200 errors and warnings. Of a WARN or Oops only its first line counts.
-- column finding: The finding (see `findings`).
-- column source: The source of the record (see `sources`).
-- column tied: False where no event ties the clock of the log to that of the finding: then the times of both are compared
--   as they stand.
-- column distance_ns (ns): From the finding; negative before it.
-- column time_ns (ns): Time of the record, on its own clock.
-- column line: Line number from 1.
-- column message: The message.
WITH ticks AS (
  SELECT 1 FROM sources WHERE time_unit = 'ticks'
), shown AS (
  SELECT finding, time_ns
  FROM findings
  WHERE severity <> 'note' AND time_ns IS NOT NULL
  ORDER BY finding
  LIMIT 200
), near AS (
  SELECT
    f.finding,
    l.source,
    l.seq,
    c.offset_ns IS NOT NULL AS tied,
    l.time_ns + coalesce(c.offset_ns, 0) - f.time_ns AS distance_ns,
    l.time_ns,
    l.line,
    l.message
  FROM log_records l
    LEFT JOIN clocks c USING (source)
    JOIN shown f ON l.time_ns + coalesce(c.offset_ns, 0) BETWEEN f.time_ns - 1000000000 AND f.time_ns + 1000000000
    LEFT JOIN splats s ON s.source = l.source AND l.seq BETWEEN s.first_seq AND s.last_seq
  WHERE l.time_kind = 'uptime' AND l.message <> '' AND (s.splat IS NULL OR l.line = s.line)
    -- Ticks of a counter and seconds do not compare, unless something ties them.
    AND (c.offset_ns IS NOT NULL OR NOT EXISTS (FROM ticks))
  QUALIFY row_number() OVER (
    PARTITION BY f.finding, distance_ns < 0
    ORDER BY abs(distance_ns), l.source, CASE WHEN distance_ns < 0 THEN -l.seq::BIGINT ELSE l.seq END
  ) <= 4
)
SELECT finding, source, tied, distance_ns, time_ns, line, message FROM near ORDER BY finding, distance_ns, source, seq;
