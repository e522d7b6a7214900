-- title: How long calls take
-- doc: How long does each kind of call take, from the shortest to the longest?
-- column kind: What was called.
-- column calls: Calls whose entry and return were seen.
-- column shortest_ns (ns): The shortest.
-- column median_ns (ns): Half of them took no longer.
-- column p99_ns (ns): 99 of 100 took no longer.
-- column longest_ns (ns): The longest.
-- column total_ns (ns): All together.
SELECT
  kind,
  count(*) AS calls,
  min(duration_ns) AS shortest_ns,
  quantile_disc(duration_ns, 0.5) AS median_ns,
  quantile_disc(duration_ns, 0.99) AS p99_ns,
  max(duration_ns) AS longest_ns,
  sum(duration_ns)::BIGINT AS total_ns
FROM ats_calls
WHERE duration_ns IS NOT NULL
GROUP BY kind
ORDER BY total_ns DESC, kind;
