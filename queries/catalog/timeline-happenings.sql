-- title: Resets and WARNs on a family's timeline
-- doc: When were functions of a PF family reset, and when did the kernel WARN about one? Those too close to tell apart are one
--   mark.
-- param family: Address of the PF or function (see `families`).
-- param slots INTEGER: Into how many parts the axis can be told apart.
-- column function: Address; NULL for a WARN that names none.
-- column what: `reset` or `warn`.
-- column count: How many.
-- column time_ns (ns): Time of the first.
-- column x: Its place on the axis, from 0 to 1.
SELECT h."function", h.what, count(*)::INTEGER AS count, min(h.time_ns) AS time_ns, min(s.x) AS x
FROM timeline.happenings h
  JOIN timeline.steps s ON s.family = $family AND s.time_ns = h.time_ns
WHERE h.family = $family OR h.family IS NULL
GROUP BY h."function", h.what, floor(s.x * $slots)
ORDER BY time_ns, h."function" NULLS FIRST, h.what;
