-- title: Verdicts by week
-- doc: How do the verdicts develop from week to week? Captures need a label `date`, as in `--label date=2026-03-02`.
-- over: a data set
-- column week: Monday of the week; NULL for captures without a date.
-- column captures: Captures of the week.
-- column passed: Those that pass.
-- column failed: Those that fail.
-- column inconclusive: Those that cannot be judged.
-- column errors: Findings of severity error.
SELECT
  date_trunc('week', try_cast(l.value AS DATE))::DATE AS week,
  count(*) AS captures,
  count(*) FILTER (c.verdict = 'pass') AS passed,
  count(*) FILTER (c.verdict = 'fail') AS failed,
  count(*) FILTER (c.verdict = 'inconclusive') AS inconclusive,
  sum(c.errors)::BIGINT AS errors
FROM captures c LEFT JOIN capture_labels l ON l.capture = c.capture AND l.label = 'date'
GROUP BY week
ORDER BY week NULLS LAST;
