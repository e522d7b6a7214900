-- title: Under another kernel
-- doc: Where would a kernel with another feature profile have answered differently, and what would become of the findings?
-- columns of: what_if
SELECT * FROM what_if ORDER BY subject, time_ns NULLS FIRST, call, finding, what;
