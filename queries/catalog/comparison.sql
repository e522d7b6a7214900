-- title: Findings against the baseline
-- doc: Which findings are new, changed, still there, fixed, or could not be evaluated?
-- columns of: comparison
SELECT * FROM comparison ORDER BY position;
