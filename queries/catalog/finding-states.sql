-- title: State around findings
-- doc: What did the layers of a function, and of its PF, hold before and after what a finding is about? Before is before the
--   call that showed it began.
-- column finding: The finding (see `findings`).
-- column subject: `function` or `pf`.
-- column layer: `hw`, `core` or `drv`.
-- column field: `en`, or `stu`: the STU field of the register, the page shift that the PCI core keeps.
-- column before_value: Value before; NULL = unknown.
-- column after_value: Value after; NULL = unknown.
WITH shown AS (
  SELECT f.finding, f.fn, n.pf_fn, f.event, coalesce(c.enter_event, f.event) AS begin_event
  FROM findings f
    JOIN functions n USING (fn)
    LEFT JOIN ats_events e ON e.event = f.event
    LEFT JOIN ats_calls c ON c.call = e.call
  WHERE f.event IS NOT NULL AND f.severity <> 'note'
), subjects AS (
  SELECT finding, 'function' AS subject, fn, event, begin_event FROM shown
  UNION ALL
  SELECT finding, 'pf', pf_fn, event, begin_event FROM shown WHERE pf_fn <> fn
)
SELECT
  s.finding,
  s.subject,
  t.layer,
  t.field,
  (max_by({v: t.new_value}, t.event) FILTER (t.event < s.begin_event)).v AS before_value,
  max_by({v: t.new_value}, t.event).v AS after_value
FROM subjects s JOIN transitions t ON t.fn = s.fn AND t.event <= s.event
WHERE (t.layer, t.field) IN (('core', 'en'), ('core', 'stu'), ('hw', 'en'), ('hw', 'stu'), ('drv', 'en'))
GROUP BY s.finding, s.subject, t.layer, t.field
ORDER BY s.finding, s.subject, t.layer, t.field;
