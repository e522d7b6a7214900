-- kind: macro
-- doc: The address `dddd:bb:dd.f` of a requester id.
-- param segment INTEGER: PCI segment (domain).
-- param rid INTEGER: Requester id.
-- returns: VARCHAR
-- example: SELECT bdf_of_rid(0, 257) AS "function"
printf('%04x:%02x:%02x.%d', segment::INTEGER, rid::INTEGER >> 8, (rid::INTEGER >> 3) & 31, rid::INTEGER & 7)
