-- kind: macro
-- doc: The fields of a value of the Page Request Status register (offset 6 in the PRI capability).
-- param register_value INTEGER: The 16 bits, as a number or as text like `0x8001`.
-- returns: STRUCT(response_failure BOOLEAN, unexpected_index BOOLEAN, stopped BOOLEAN, pasid_required BOOLEAN)
-- example: SELECT decode_pri_status('0x0100').stopped AS stopped
{
  'response_failure': (register_value::INTEGER & 1) <> 0,
  'unexpected_index': (register_value::INTEGER & 2) <> 0,
  'stopped': (register_value::INTEGER & 256) <> 0,
  'pasid_required': (register_value::INTEGER & 32768) <> 0
}
