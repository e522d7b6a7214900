-- title: Causes and consequences
-- doc: Which finding caused which?
-- columns of: finding_links
SELECT * FROM finding_links ORDER BY cause, consequence;
