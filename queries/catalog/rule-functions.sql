-- title: Rules on functions
-- doc: On which functions could a rule be decided?
-- columns of: rule_functions
SELECT * FROM rule_functions ORDER BY rule, fn;
