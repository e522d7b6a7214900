-- title: Captures of a data set
-- doc: Which captures are there, with which kernel, labels and verdict?
-- over: a data set
-- column capture: Id of the capture.
-- column kernel_release: Release string of the kernel, where known.
-- column labels: Its labels, `name=value`, in alphabetical order.
-- column verdict: `pass`, `fail` or `inconclusive`.
-- column errors: Findings of severity error.
-- column warnings: Findings of severity warning.
-- column records: Events and log records it was read from.
WITH labelled AS (
  SELECT capture, string_agg(label || '=' || value, ', ' ORDER BY label) AS labels FROM capture_labels GROUP BY capture
)
SELECT c.capture, c.kernel_release, l.labels, c.verdict, c.errors, c.warnings, c.records
FROM captures c LEFT JOIN labelled l USING (capture)
ORDER BY c.kernel_release NULLS LAST, c.capture;
