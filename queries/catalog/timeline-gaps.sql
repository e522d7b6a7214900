-- title: Idle time on a family's timeline
-- doc: Where does the axis of a PF family's timeline stand for a stretch in which nothing happens?
-- param family: Address of the PF or function (see `families`).
-- column from_x: Where the stretch begins on the axis, from 0 to 1.
-- column to_x: Where it ends.
-- column duration_ns (ns): How long it is.
WITH gaps AS (
  SELECT
    x AS from_x,
    lead(x) OVER (ORDER BY time_ns) AS to_x,
    lead(time_ns) OVER (ORDER BY time_ns) - time_ns AS duration_ns
  FROM timeline.steps
  WHERE family = $family
)
SELECT from_x, to_x, duration_ns FROM gaps WHERE to_x - from_x >= 0.05 ORDER BY from_x;
