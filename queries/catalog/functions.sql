-- title: Functions
-- doc: Which PCI functions are known?
-- columns of: functions
SELECT * FROM functions ORDER BY "function", generation, fn;
