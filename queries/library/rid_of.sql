-- kind: macro
-- doc: The requester id of an address in the form `dddd:bb:dd.f`: bus, device and function in 16 bits.
-- param address VARCHAR: The address.
-- returns: USMALLINT
-- example: SELECT rid_of('0000:01:00.1') AS rid
(try_cast('0x' || split_part(address, ':', 2) AS INTEGER) * 256
  + try_cast('0x' || split_part(split_part(address, ':', 3), '.', 1) AS INTEGER) * 8
  + try_cast(split_part(address, '.', 2) AS INTEGER))::USMALLINT
