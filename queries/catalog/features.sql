-- title: Kernel features
-- doc: Which behaviour of the kernel was assumed, and why?
-- columns of: features
SELECT * FROM features ORDER BY feature;
