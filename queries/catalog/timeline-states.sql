-- title: Functions on a family's timeline
-- doc: When was ATS of each function of a PF family on, off or unknown by all layers together, and when did two layers
--   disagree? Stretches too short to draw, and what lies between changes too close to tell apart, are drawn as one.
-- param family: Address of the PF or function (see `families`).
-- param slots INTEGER: Into how many parts the axis can be told apart.
-- column function: Address.
-- column kind: `pf`, `vf`, `function` or `unknown`.
-- column state: `on`, `off`, `unknown`, `apart` (two layers disagree, and a finding is about it) or `mixed` (several of
--   them).
-- column stretches: How many stretches are drawn as this one.
-- column from_ns (ns): Begin.
-- column to_ns (ns): End.
-- column from_x: Begin on the axis, from 0 to 1.
-- column to_x: End on the axis.
WITH changes AS (
  -- How many layers say on, off, or nothing known: what each moment adds.
  SELECT
    fn,
    time_ns,
    coalesce(sum(change) FILTER (value = 1), 0) AS ons,
    coalesce(sum(change) FILTER (value = 0), 0) AS offs,
    coalesce(sum(change) FILTER (value IS NULL), 0) AS unknowns
  FROM (
    SELECT fn, from_ns AS time_ns, value, 1 AS change
    FROM timeline.intervals
    WHERE family = $family AND field = 'en' AND from_ns < to_ns
    UNION ALL
    SELECT fn, to_ns, value, -1
    FROM timeline.intervals
    WHERE family = $family AND field = 'en' AND from_ns < to_ns
  )
  GROUP BY fn, time_ns
), held AS (
  -- No state: before the first and after the last interval.
  SELECT
    fn,
    time_ns AS from_ns,
    CASE
      WHEN ons > 0 AND offs > 0 THEN 'apart'
      WHEN ons > 0 THEN 'on'
      WHEN offs > 0 THEN 'off'
      WHEN unknowns > 0 THEN 'unknown'
    END AS state
  FROM (
    SELECT fn, time_ns, sum(ons) OVER w AS ons, sum(offs) OVER w AS offs, sum(unknowns) OVER w AS unknowns
    FROM changes
    WINDOW w AS (PARTITION BY fn ORDER BY time_ns ROWS UNBOUNDED PRECEDING)
  )
), islands AS (
  SELECT fn, state, from_ns, lead(from_ns) OVER (PARTITION BY fn ORDER BY from_ns) AS to_ns
  FROM (
    SELECT fn, state, from_ns
    FROM held
    QUALIFY state IS DISTINCT FROM lag(state) OVER (PARTITION BY fn ORDER BY from_ns)
  )
), blamed AS (
  SELECT DISTINCT i.fn, i.from_ns
  FROM islands i JOIN findings f ON f.fn = i.fn
  WHERE i.state = 'apart'
    AND f.severity <> 'note'
    AND (f.time_ns BETWEEN i.from_ns AND i.to_ns OR f.since_ns BETWEEN i.from_ns AND i.to_ns)
), judged AS (
  -- Layers change one after the other: only where a finding says that it is wrong is it drawn as such, elsewhere as what it
  -- leads to.
  SELECT
    i.fn,
    i.from_ns,
    i.to_ns,
    CASE
      WHEN state = 'apart' AND b.fn IS NULL
        THEN coalesce(lead(state) OVER (PARTITION BY i.fn ORDER BY i.from_ns), 'unknown')
      ELSE state
    END AS state
  FROM islands i LEFT JOIN blamed b ON b.fn = i.fn AND b.from_ns = i.from_ns
  WHERE state IS NOT NULL
), whole AS (
  SELECT fn, state, from_ns, coalesce(lead(before_ns) OVER (PARTITION BY fn ORDER BY from_ns), last_ns) AS to_ns
  FROM (
    SELECT fn, state, from_ns, lag(to_ns) OVER w AS before_ns, max(to_ns) OVER (PARTITION BY fn) AS last_ns
    FROM judged
    WINDOW w AS (PARTITION BY fn ORDER BY from_ns)
    QUALIFY state IS DISTINCT FROM lag(state) OVER w OR before_ns IS DISTINCT FROM from_ns
  )
), steps AS (
  SELECT time_ns, x FROM timeline.steps WHERE family = $family
), placed AS (
  SELECT m."function", m.kind, w.state, w.from_ns, w.to_ns, a.x AS from_x, b.x AS to_x
  FROM whole w
    JOIN timeline.members m ON m.fn = w.fn
    JOIN steps a ON a.time_ns = w.from_ns
    JOIN steps b ON b.time_ns = w.to_ns
), wide AS (
  SELECT *, 1 AS stretches FROM placed WHERE to_x - from_x >= 1.0 / $slots
), narrow AS (
  SELECT
    "function",
    kind,
    CASE WHEN count(DISTINCT state) > 1 THEN 'mixed' ELSE min(state) END AS state,
    min(from_ns) AS from_ns,
    max(to_ns) AS to_ns,
    min(from_x) AS from_x,
    max(to_x) AS to_x,
    count(*) AS stretches
  FROM placed
  WHERE to_x - from_x < 1.0 / $slots
  GROUP BY "function", kind, floor(from_x * $slots)
), merged AS (
  -- Neighbours that both are mixed, with nothing wide between them, look like one.
  SELECT
    "function",
    kind,
    state,
    min(from_ns) AS from_ns,
    max(to_ns) AS to_ns,
    min(from_x) AS from_x,
    max(to_x) AS to_x,
    sum(stretches) AS stretches
  FROM (
    SELECT *, count(*) FILTER (apart) OVER (PARTITION BY "function" ORDER BY from_ns ROWS UNBOUNDED PRECEDING) AS part
    FROM (
      SELECT
        *,
        state <> 'mixed' OR lag(state) OVER w IS DISTINCT FROM 'mixed' OR from_x - lag(to_x) OVER w >= 1.0 / $slots AS apart
      FROM narrow
      WINDOW w AS (PARTITION BY "function" ORDER BY from_ns)
    )
  )
  GROUP BY "function", kind, state, part
)
SELECT "function", kind, state, stretches::INTEGER AS stretches, from_ns, to_ns, from_x, to_x
FROM (FROM wide UNION ALL BY NAME FROM merged)
ORDER BY kind <> 'pf', "function", from_ns, to_ns, from_x;
