-- title: Functions on a family's timeline
-- doc: When was ATS of each function of a PF family on, off or unknown by all layers together, and when did two layers
--   disagree? Stretches too short to draw are drawn as one.
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
  -- -1 is unknown, -2 is nothing: before the first and after the last interval.
  SELECT fn, "function", kind, layer, from_ns AS time_ns, 1 AS begins, coalesce(value, -1) AS value
  FROM timeline.intervals
  WHERE family = $family AND field = 'en' AND from_ns < to_ns
  UNION ALL
  SELECT fn, "function", kind, layer, to_ns, 0, -2
  FROM timeline.intervals
  WHERE family = $family AND field = 'en' AND from_ns < to_ns
), held AS (
  SELECT
    fn,
    "function",
    kind,
    time_ns,
    last_value(CASE WHEN layer = 'hw' THEN value END IGNORE NULLS) OVER w AS hw,
    last_value(CASE WHEN layer = 'core' THEN value END IGNORE NULLS) OVER w AS core,
    last_value(CASE WHEN layer = 'drv' THEN value END IGNORE NULLS) OVER w AS drv
  FROM changes
  WINDOW w AS (PARTITION BY fn ORDER BY time_ns, begins, layer ROWS UNBOUNDED PRECEDING)
  QUALIFY row_number() OVER (PARTITION BY fn, time_ns ORDER BY begins DESC, layer DESC) = 1
), stretches AS (
  SELECT
    fn,
    "function",
    kind,
    time_ns AS from_ns,
    lead(time_ns) OVER (PARTITION BY fn ORDER BY time_ns) AS to_ns,
    CASE
      WHEN list_contains([hw, core, drv], 1) AND list_contains([hw, core, drv], 0) THEN 'apart'
      WHEN list_contains([hw, core, drv], 1) THEN 'on'
      WHEN list_contains([hw, core, drv], 0) THEN 'off'
      WHEN list_contains([hw, core, drv], -1) THEN 'unknown'
    END AS state
  FROM held
), islands AS (
  SELECT fn, "function", kind, state, min(from_ns) AS from_ns, max(to_ns) AS to_ns
  FROM (
    SELECT *, count(*) FILTER (fresh) OVER (PARTITION BY fn ORDER BY from_ns ROWS UNBOUNDED PRECEDING) AS part
    FROM (
      SELECT *, lag(state) OVER w IS DISTINCT FROM state OR lag(to_ns) OVER w IS DISTINCT FROM from_ns AS fresh
      FROM stretches
      WHERE to_ns IS NOT NULL AND state IS NOT NULL
      WINDOW w AS (PARTITION BY fn ORDER BY from_ns)
    )
  )
  GROUP BY fn, "function", kind, state, part
), judged AS (
  -- Layers change one after the other: only where a finding says that it is wrong is it drawn as such, elsewhere as what it
  -- leads to.
  SELECT
    i.* REPLACE (
      CASE
        WHEN state = 'apart' AND NOT EXISTS (
          FROM findings f
          WHERE f.fn = i.fn
            AND f.severity <> 'note'
            AND (f.time_ns BETWEEN i.from_ns AND i.to_ns OR f.since_ns BETWEEN i.from_ns AND i.to_ns)
        )
          THEN coalesce(lead(state) OVER (PARTITION BY fn ORDER BY from_ns), 'unknown')
        ELSE state
      END AS state
    )
  FROM islands i
), whole AS (
  SELECT fn, "function", kind, state, min(from_ns) AS from_ns, max(to_ns) AS to_ns
  FROM (
    SELECT *, count(*) FILTER (fresh) OVER (PARTITION BY fn ORDER BY from_ns ROWS UNBOUNDED PRECEDING) AS part
    FROM (
      SELECT *, lag(state) OVER w IS DISTINCT FROM state OR lag(to_ns) OVER w IS DISTINCT FROM from_ns AS fresh
      FROM judged
      WINDOW w AS (PARTITION BY fn ORDER BY from_ns)
    )
  )
  GROUP BY fn, "function", kind, state, part
), steps AS (
  FROM timeline.steps WHERE family = $family
), placed AS (
  SELECT w.*, a.x AS from_x, b.x AS to_x
  FROM whole w
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
)
SELECT "function", kind, state, stretches::INTEGER AS stretches, from_ns, to_ns, from_x, to_x
FROM (FROM wide UNION ALL BY NAME FROM narrow)
ORDER BY kind <> 'pf', "function", from_ns, to_ns, from_x;
