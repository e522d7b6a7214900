-- title: Evidence
-- doc: Which records set the operands of the findings?
-- columns of: evidence
SELECT * FROM evidence ORDER BY finding, position;
