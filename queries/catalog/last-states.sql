-- title: State at the end of the recording
-- doc: What was last known of each function: ATS on (1) or off (0) by each layer, and the STU?
-- column fn: Function generation.
-- column core_en: ATS in the PCI core; NULL = unknown.
-- column hw_en: Enable in the register; NULL = unknown.
-- column drv_en: What the IOMMU driver believes; NULL = unknown.
-- column core_stu: Page shift the PCI core keeps (12 + STU), 0 for none; NULL = unknown.
SELECT
  fn,
  max(value) FILTER (layer = 'core' AND field = 'en') AS core_en,
  max(value) FILTER (layer = 'hw' AND field = 'en') AS hw_en,
  max(value) FILTER (layer = 'drv' AND field = 'en') AS drv_en,
  max(value) FILTER (layer = 'core' AND field = 'stu') AS core_stu
FROM state_intervals
WHERE to_event IS NULL
GROUP BY fn
ORDER BY fn;
