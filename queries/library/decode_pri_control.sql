-- kind: macro
-- doc: The fields of a value of the Page Request Control register (offset 4 in the PRI capability).
-- param register_value INTEGER: The 16 bits, as a number or as text like `0x8001`.
-- returns: STRUCT("enable" BOOLEAN, "reset" BOOLEAN)
-- example: SELECT decode_pri_control(1)."enable" AS enabled
{'enable': (register_value::INTEGER & 1) <> 0, 'reset': (register_value::INTEGER & 2) <> 0}
