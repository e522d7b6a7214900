-- title: Limits of the verdict
-- doc: What makes the verdict inconclusive or limits it, and what should be recorded?
-- columns of: verdict_reasons
SELECT * FROM verdict_reasons ORDER BY position;
