-- title: Sources
-- doc: What was read, and how completely?
-- columns of: sources
SELECT * FROM sources ORDER BY source;
