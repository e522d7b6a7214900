-- title: Each function in one row
-- doc: What happened to each function, and how did it end?
-- column function: Address.
-- column generation: Generation of the address.
-- column kind: `pf`, `vf`, `function` or `unknown`.
-- column pf: Address of its PF, for a VF.
-- column enables: Calls of `pci_enable_ats`.
-- column failed_enables: Those that returned an error.
-- column disables: Calls of `pci_disable_ats`.
-- column invalidations: Invalidations sent to its translation cache.
-- column hw_en: ATS in its register at the end: 1 on, 0 off; NULL = unknown.
-- column core_en: The same in the PCI core.
-- column drv_en: What the IOMMU driver believes.
-- column errors: Findings of severity error.
-- column warnings: Findings of severity warning.
SELECT
  "function",
  generation,
  kind,
  pf,
  enables,
  failed_enables,
  disables,
  invalidations,
  hw_en,
  core_en,
  drv_en,
  errors,
  warnings
FROM function_summary
ORDER BY "function", generation, fn;
