-- title: Coverage of the reference machine
-- doc: Which transitions of the reference machine did the recording take?
-- columns of: machine_coverage
SELECT * FROM machine_coverage ORDER BY kind, from_state, event, to_state;
