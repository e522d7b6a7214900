-- kind: macro
-- doc: The PCI segment (domain) of an address in the form `dddd:bb:dd.f`.
-- param address VARCHAR: The address.
-- returns: UINTEGER
-- example: SELECT segment_of('0000:01:00.1') AS segment
try_cast('0x' || split_part(address, ':', 1) AS UINTEGER)
