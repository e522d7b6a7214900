-- title: Rules
-- doc: By which rules could the recording be judged?
-- columns of: rule_coverage
SELECT * FROM rule_coverage ORDER BY rule;
