-- title: Verdict
-- doc: What was the verdict?
-- columns of: verdict
SELECT * FROM verdict ORDER BY verdict;
