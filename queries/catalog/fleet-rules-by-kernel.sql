-- title: Rules by kernel
-- doc: Which kernels show which findings, in how many of their captures?
-- over: a data set
-- column rule: Id of the rule.
-- column name: Its name.
-- column kernel_release: Release string of the kernel; NULL where not known.
-- column captures: Captures of this kernel that show it.
-- column of_captures: Captures of this kernel.
-- column findings: How often it fired in them.
WITH totals AS (
  SELECT kernel_release, count(*) AS of_captures FROM captures GROUP BY kernel_release
), found AS (
  SELECT f.rule, f.name, c.kernel_release, count(DISTINCT f.capture) AS captures, count(*) AS findings
  FROM findings f JOIN captures c USING (capture)
  GROUP BY ALL
)
SELECT found.rule, found.name, found.kernel_release, found.captures, totals.of_captures, found.findings
FROM found JOIN totals ON found.kernel_release IS NOT DISTINCT FROM totals.kernel_release
ORDER BY found.rule, found.kernel_release NULLS LAST, found.name;
