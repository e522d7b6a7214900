-- title: Suppressed findings
-- doc: Which suppression covers which finding?
-- columns of: suppressed_findings
SELECT * FROM suppressed_findings ORDER BY finding, suppression;
