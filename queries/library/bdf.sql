-- kind: macro
-- doc: The address of a PCI function in its canonical form `dddd:bb:dd.f`, from any usual spelling: `1:0.1`, `01:00.1`,
--   `0000:01:00.1`, in any case. NULL for text that is no address.
-- param address VARCHAR: The address as somebody wrote it; the domain is 0 where it has none.
-- returns: VARCHAR
-- example: SELECT bdf('1:0.1') AS "function"
CASE WHEN regexp_full_match(trim(address), '([0-9a-fA-F]{1,8}:)?[0-9a-fA-F]{1,2}:[01]?[0-9a-fA-F][.][0-7]') THEN
  printf(
    '%04x:%02x:%02x.%s',
    try_cast('0x0' || regexp_extract(trim(address), '^([0-9a-fA-F]+):[0-9a-fA-F]+:', 1) AS BIGINT),
    try_cast('0x' || regexp_extract(trim(address), '([0-9a-fA-F]+):[0-9a-fA-F]+[.]', 1) AS BIGINT),
    try_cast('0x' || regexp_extract(trim(address), '([0-9a-fA-F]+)[.]', 1) AS BIGINT),
    right(trim(address), 1))
END
