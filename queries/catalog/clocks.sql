-- title: Clocks
-- doc: How were the clocks of the sources laid onto one timeline?
-- columns of: clocks
SELECT * FROM clocks ORDER BY source;
