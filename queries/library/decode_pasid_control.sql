-- kind: macro
-- doc: The fields of a value of the PASID Control register (offset 6 in the PASID capability).
-- param register_value INTEGER: The 16 bits, as a number or as text like `0x8001`.
-- returns: STRUCT("enable" BOOLEAN, exec BOOLEAN, priv BOOLEAN)
-- example: SELECT decode_pasid_control(5).priv AS privileged
{'enable': (register_value::INTEGER & 1) <> 0, 'exec': (register_value::INTEGER & 2) <> 0, 'priv': (register_value::INTEGER & 4) <> 0}
