-- kind: view
-- doc: WARN, BUG and their relatives, each with its call trace as one text.
-- column source USMALLINT: The source (see `sources`).
-- column splat UINTEGER: Number of the splat in its source.
-- column kind VARCHAR: `warn`, `bug`, `oops`, ...
-- column time_ns BIGINT (ns): Time of its first line.
-- column place VARCHAR: Source file and line in the kernel tree.
-- column symbol VARCHAR: Function it happened in.
-- column comm VARCHAR: Name of the task.
-- column title VARCHAR: Its first line.
-- column frames VARCHAR: The reliable frames, innermost first, each called by the next.
-- column line UINTEGER: Line number of its first line.
-- example: SELECT * FROM splat_reports ORDER BY source, splat
SELECT
  s.source,
  s.splat,
  s.kind,
  s.time_ns,
  s.file || ':' || s.file_line AS place,
  s.symbol,
  s.comm,
  s.title,
  f.frames,
  s.line
FROM main.splats s
  LEFT JOIN (
    SELECT source, splat, string_agg(symbol, ' < ' ORDER BY depth) FILTER (reliable) AS frames
    FROM main.splat_frames
    GROUP BY source, splat
  ) f USING (source, splat)
