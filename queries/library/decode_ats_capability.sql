-- kind: macro
-- doc: The fields of a value of the ATS Capability register (offset 4 in the ATS capability). An Invalidate Queue Depth of 0
--   means 32.
-- param register_value INTEGER: The 16 bits, as a number or as text like `0x8001`.
-- returns: STRUCT(queue_depth INTEGER, page_aligned BOOLEAN, global_invalidate BOOLEAN, relaxed_ordering BOOLEAN)
-- example: SELECT decode_ats_capability('0x0020').queue_depth AS depth
{
  'queue_depth': CASE WHEN (register_value::INTEGER & 31) = 0 THEN 32 ELSE register_value::INTEGER & 31 END,
  'page_aligned': (register_value::INTEGER & 32) <> 0,
  'global_invalidate': (register_value::INTEGER & 64) <> 0,
  'relaxed_ordering': (register_value::INTEGER & 128) <> 0
}
