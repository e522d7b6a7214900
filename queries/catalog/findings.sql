-- title: Findings
-- doc: What did the rules find? Causes come before their consequences.
-- columns of: findings
SELECT * FROM findings ORDER BY finding;
