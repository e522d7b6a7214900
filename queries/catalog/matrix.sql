-- title: PFs and VFs side by side
-- doc: For the newest generation of each function: is ATS on at the end, was it ever, do the layers disagree, and does the
--   page shift fit that of its PF?
-- column family: Address of the PF, or of a function that has none.
-- column function: Address.
-- column kind: `pf`, `vf`, `function` or `unknown`.
-- column vf_index: Index of the VF, from 0.
-- column state: At the end of the recording `on`, `off`, `unknown`, or `apart` where two layers disagree and
--   there is a finding of the function; else by the PCI core, the register or the driver.
-- column was_on: True where a layer ever had it on.
-- column page_shift: Page shift that a PF keeps, or that was last asked for a VF; NULL = not known.
-- column pf_page_shift: The one that its PF keeps (for a PF itself the same); NULL = not known.
-- column severity: Gravest finding of the function, notes left out; NULL = none.
-- column signature: Signature of that finding.
WITH newest AS (
  SELECT * FROM functions QUALIFY row_number() OVER (PARTITION BY "function" ORDER BY generation DESC) = 1
), ends AS (
  SELECT
    fn,
    list(value ORDER BY layer <> 'core', layer <> 'hw') FILTER (field = 'en' AND to_event IS NULL AND value IS NOT NULL) AS enables,
    coalesce(bool_or(value = 1) FILTER (field = 'en'), false) AS was_on,
    max(value) FILTER (layer = 'core' AND field = 'stu' AND value > 0 AND to_event IS NULL) AS core_stu
  FROM state_intervals
  WHERE field IN ('en', 'stu')
  GROUP BY fn
), asked AS (
  SELECT fn, page_shift
  FROM ats_calls
  WHERE kind IN ('ats.prepare', 'ats.enable') AND page_shift IS NOT NULL AND fn IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY fn ORDER BY call DESC) = 1
), worst AS (
  SELECT fn, severity, signature
  FROM findings
  WHERE fn IS NOT NULL AND severity <> 'note'
  QUALIFY row_number() OVER (PARTITION BY fn ORDER BY severity = 'warning', finding) = 1
)
SELECT
  coalesce(n.pf, n."function") AS family,
  n."function",
  n.kind,
  n.vf_index,
  CASE
    WHEN w.fn IS NOT NULL AND list_contains(e.enables, 1) AND list_contains(e.enables, 0) THEN 'apart'
    WHEN e.enables[1] = 1 THEN 'on'
    WHEN e.enables[1] = 0 THEN 'off'
    ELSE 'unknown'
  END AS state,
  coalesce(e.was_on, false) AS was_on,
  CASE WHEN n.kind = 'vf' THEN a.page_shift ELSE coalesce(e.core_stu, a.page_shift) END AS page_shift,
  coalesce(p.core_stu, CASE WHEN n.kind <> 'vf' THEN e.core_stu END) AS pf_page_shift,
  w.severity,
  w.signature
FROM newest n
  LEFT JOIN ends e USING (fn)
  LEFT JOIN ends p ON p.fn = n.pf_fn
  LEFT JOIN asked a USING (fn)
  LEFT JOIN worst w USING (fn)
WHERE e.fn IS NOT NULL
ORDER BY family, n.kind = 'vf', n.vf_index, n."function";
