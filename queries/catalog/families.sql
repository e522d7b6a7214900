-- title: PF families
-- doc: Which Physical Functions are there, with how many VFs, and how many findings does each family have?
-- column family: Address of the PF, or of a function that is neither PF nor VF of a known PF.
-- column functions: Addresses in the family.
-- column vfs: VFs among them.
-- column errors: Findings of severity error.
-- column warnings: Findings of severity warning.
-- column notes: Findings of severity note.
-- column first_ns (ns): First event.
-- column last_ns (ns): Last event.
WITH members AS (
  SELECT coalesce(pf, "function") AS family, "function", kind, first_ns, last_ns FROM functions
), found AS (
  SELECT
    coalesce(pf, "function") AS family,
    count(*) FILTER (severity = 'error') AS errors,
    count(*) FILTER (severity = 'warning') AS warnings,
    count(*) FILTER (severity = 'note') AS notes
  FROM findings
  GROUP BY family
)
SELECT
  family,
  count(DISTINCT "function") AS functions,
  count(DISTINCT "function") FILTER (kind = 'vf') AS vfs,
  coalesce(any_value(errors), 0) AS errors,
  coalesce(any_value(warnings), 0) AS warnings,
  coalesce(any_value(notes), 0) AS notes,
  min(first_ns) AS first_ns,
  max(last_ns) AS last_ns
FROM members LEFT JOIN found USING (family)
GROUP BY family
ORDER BY errors DESC, warnings DESC, family;
