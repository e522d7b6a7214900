-- kind: macro
-- doc: The fields of a value of the ATS Control register (offset 6 in the ATS capability).
-- param register_value INTEGER: The 16 bits, as a number or as text like `0x8001`.
-- returns: STRUCT("enable" BOOLEAN, stu INTEGER, page_shift INTEGER)
-- example: SELECT decode_ats_control('0x8001').stu AS stu
{'enable': (register_value::INTEGER & 32768) <> 0, 'stu': register_value::INTEGER & 31, 'page_shift': 12 + (register_value::INTEGER & 31)}
