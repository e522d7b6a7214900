-- title: Baseline
-- doc: What were the findings compared with?
-- columns of: baseline
SELECT * FROM baseline ORDER BY path;
