-- kind: view
-- doc: One row for each function generation: what happened to it and how it ended.
-- column fn UINTEGER: Function generation.
-- column function VARCHAR: Its address.
-- column generation USMALLINT: Generation of the address.
-- column kind VARCHAR: `pf`, `vf`, `function` or `unknown`.
-- column pf VARCHAR: Address of its PF, for a VF.
-- column events UINTEGER: Events of the model that name it.
-- column enables BIGINT: Calls of `pci_enable_ats`.
-- column failed_enables BIGINT: Those that returned an error.
-- column disables BIGINT: Calls of `pci_disable_ats`.
-- column invalidations BIGINT: Invalidations sent to its translation cache.
-- column hw_en INTEGER: ATS in its register at the end: 1 on, 0 off; NULL = unknown.
-- column core_en INTEGER: The same in the PCI core.
-- column drv_en INTEGER: What the IOMMU driver believes.
-- column errors BIGINT: Findings of severity error.
-- column warnings BIGINT: Findings of severity warning.
-- example: SELECT * FROM function_summary ORDER BY "function", generation
WITH called AS (
  SELECT
    fn,
    count(*) FILTER (kind = 'ats.enable') AS enables,
    count(*) FILTER (kind = 'ats.enable' AND result < 0) AS failed_enables,
    count(*) FILTER (kind = 'ats.disable') AS disables
  FROM main.ats_calls
  GROUP BY fn
), invalidated AS (
  SELECT fn, count(*) AS invalidations FROM main.ats_events WHERE kind = 'invalidate' GROUP BY fn
), ended AS (
  SELECT
    fn,
    max(value) FILTER (layer = 'hw') AS hw_en,
    max(value) FILTER (layer = 'core') AS core_en,
    max(value) FILTER (layer = 'drv') AS drv_en
  FROM main.state_intervals
  WHERE field = 'en' AND to_event IS NULL
  GROUP BY fn
), found AS (
  SELECT
    fn,
    count(*) FILTER (severity = 'error') AS errors,
    count(*) FILTER (severity = 'warning') AS warnings
  FROM main.findings
  GROUP BY fn
)
SELECT
  f.fn,
  f."function",
  f.generation,
  f.kind,
  f.pf,
  f.events,
  coalesce(enables, 0) AS enables,
  coalesce(failed_enables, 0) AS failed_enables,
  coalesce(disables, 0) AS disables,
  coalesce(invalidations, 0) AS invalidations,
  hw_en,
  core_en,
  drv_en,
  coalesce(errors, 0) AS errors,
  coalesce(warnings, 0) AS warnings
FROM main.functions f
  LEFT JOIN called USING (fn)
  LEFT JOIN invalidated USING (fn)
  LEFT JOIN ended USING (fn)
  LEFT JOIN found USING (fn)
