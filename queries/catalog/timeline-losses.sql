-- title: Losses on a family's timeline
-- doc: Which parts of the axis of a PF family's timeline may lack events?
-- param family: Address of the PF or function (see `families`).
-- column from_x: Begin on the axis, from 0 to 1; 0 where the loss has no begin.
-- column to_x: End on the axis; 1 where the loss has no end.
-- column message: What the recording says.
SELECT coalesce(a.x, 0) AS from_x, coalesce(b.x, 1) AS to_x, l.message
FROM timeline.losses l
  LEFT JOIN timeline.steps a ON a.family = $family AND a.time_ns = l.from_ns
  LEFT JOIN timeline.steps b ON b.family = $family AND b.time_ns = l.to_ns
ORDER BY from_x, to_x, l.source, l.message;
