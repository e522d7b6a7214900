-- title: Suppressions
-- doc: Which findings did a person decide to live with, why, and until when?
-- columns of: suppressions
SELECT * FROM suppressions ORDER BY suppression;
