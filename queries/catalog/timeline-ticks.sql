-- title: Ticks of a family's timeline
-- doc: Which times may label the axis of a PF family's timeline? The first step in each part of the axis, and the last.
-- param family: Address of the PF or function (see `families`).
-- param slots INTEGER: Into how many parts the axis is divided.
-- column time_ns (ns): A time at which something happens.
-- column x: Its place on the axis, from 0 to 1.
WITH steps AS (FROM timeline.steps WHERE family = $family)
SELECT min(time_ns) AS time_ns, min(x) AS x FROM steps GROUP BY floor(x * $slots) ORDER BY time_ns;
