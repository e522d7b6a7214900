-- title: Losses
-- doc: Where did the recording lose events?
-- columns of: losses
SELECT * FROM losses ORDER BY source, seq, "offset", kind, cpu NULLS FIRST;
