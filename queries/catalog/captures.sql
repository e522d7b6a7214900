-- title: Captures
-- doc: What was analyzed, with which kernel and verdict?
-- columns of: captures
SELECT * FROM captures ORDER BY capture;
