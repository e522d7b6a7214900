-- title: State intervals on a family's timeline
-- doc: When was ATS on, off or unknown in each layer of each function of a PF family, and which STU was in force?
--   Intervals too short to draw are drawn as one.
-- param family: Address of the PF or function (see `families`).
-- param slots INTEGER: Into how many parts the axis can be told apart.
-- column function: Address.
-- column kind: `pf`, `vf`, `function` or `unknown`.
-- column layer: `hw`, `core` or `drv`.
-- column field: `en` or `stu`.
-- column value: Value; NULL = unknown, or several values.
-- column intervals: How many intervals are drawn as this one.
-- column mixed: True where they have several values.
-- column from_ns (ns): Begin.
-- column to_ns (ns): End.
-- column from_x: Begin on the axis, from 0 to 1.
-- column to_x: End on the axis.
WITH steps AS (
  FROM timeline.steps WHERE family = $family
), placed AS (
  SELECT i.*, a.x AS from_x, b.x AS to_x
  FROM timeline.intervals i
    JOIN steps a ON a.time_ns = i.from_ns
    JOIN steps b ON b.time_ns = i.to_ns
  WHERE i.family = $family
), wide AS (
  SELECT *, 1 AS intervals, false AS mixed FROM placed WHERE to_x - from_x >= 1.0 / $slots
), narrow AS (
  SELECT
    "function",
    kind,
    layer,
    field,
    min(from_ns) AS from_ns,
    max(to_ns) AS to_ns,
    min(from_x) AS from_x,
    max(to_x) AS to_x,
    count(*) AS intervals,
    count(DISTINCT coalesce(value, -2147483648)) > 1 AS mixed,
    CASE WHEN mixed THEN NULL ELSE min(value) END AS value
  FROM placed
  WHERE to_x - from_x < 1.0 / $slots
  GROUP BY "function", kind, layer, field, floor(from_x * $slots)
)
SELECT "function", kind, layer, field, value, intervals::INTEGER AS intervals, mixed, from_ns, to_ns, from_x, to_x
FROM (FROM wide UNION ALL BY NAME FROM narrow)
ORDER BY kind <> 'pf', "function", layer, field, from_ns, to_ns, from_x;
