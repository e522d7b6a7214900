-- title: Lanes of a family's timeline
-- doc: How many lanes does the timeline of a PF family have: layers and STUs of its functions?
-- param family: Address of the PF or function (see `families`).
-- column lanes: How many.
SELECT count(DISTINCT ("function", layer, field))::INTEGER AS lanes FROM timeline.intervals WHERE family = $family ORDER BY lanes;
