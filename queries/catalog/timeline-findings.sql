-- title: Findings on a family's timeline
-- doc: Where do the findings of a PF family stand on its timeline? Findings too close to tell apart are one mark.
-- param family: Address of the PF or function (see `families`).
-- param slots INTEGER: Into how many parts the axis can be told apart.
-- column function: Address.
-- column severity: `error`, `warning` or `note`.
-- column rules: Ids of the rules, in alphabetical order.
-- column findings: How many findings.
-- column time_ns (ns): Time of the first.
-- column x: Its place on the axis, from 0 to 1.
SELECT
  f."function",
  f.severity,
  string_agg(DISTINCT f.rule, ', ' ORDER BY f.rule) AS rules,
  count(*)::INTEGER AS findings,
  min(f.time_ns) AS time_ns,
  min(s.x) AS x
FROM findings f JOIN timeline.steps s ON s.time_ns = f.time_ns AND s.family = coalesce(f.pf, f."function")
WHERE s.family = $family
GROUP BY f."function", f.severity, floor(s.x * $slots)
ORDER BY time_ns, f."function", f.severity;
