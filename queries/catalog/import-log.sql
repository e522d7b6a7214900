-- title: Import log
-- doc: What went wrong while reading?
-- columns of: import_log
SELECT * FROM import_log ORDER BY source, "offset" NULLS FIRST, code, message;
