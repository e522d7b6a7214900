-- title: Rules by label
-- doc: Which boards (or values of another label) show which findings, in how many of their captures?
-- over: a data set
-- param label VARCHAR = board: Name of the label.
-- column value: Value of the label; NULL for captures without it.
-- column rule: Id of the rule; NULL in the row of the captures without any finding.
-- column captures: Captures with this value that show it, or show nothing.
-- column of_captures: Captures with this value.
-- column findings: How often it fired in them.
WITH labelled AS (
  SELECT c.capture, l.value FROM captures c LEFT JOIN capture_labels l ON l.capture = c.capture AND l.label = $label
), totals AS (
  SELECT value, count(*) AS of_captures FROM labelled GROUP BY value
), found AS (
  SELECT l.value, f.rule, count(DISTINCT l.capture) AS captures, count(f.finding) AS findings
  FROM labelled l LEFT JOIN findings f USING (capture)
  GROUP BY ALL
)
SELECT found.value, found.rule, found.captures, totals.of_captures, found.findings
FROM found JOIN totals ON found.value IS NOT DISTINCT FROM totals.value
ORDER BY found.value NULLS LAST, found.rule NULLS LAST;
