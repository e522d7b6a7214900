-- kind: table macro
-- doc: The functions of a PF family: the PF and its VFs, from the address of any of them.
-- param address VARCHAR: Address of the PF or of one of its VFs.
-- column fn UINTEGER: Function generation.
-- column function VARCHAR: Address.
-- column generation USMALLINT: Generation of the address.
-- column kind VARCHAR: `pf`, `vf`, `function` or `unknown`.
-- column vf_index USMALLINT: Index of the VF, from 0.
-- column first_ns BIGINT (ns): First event.
-- column last_ns BIGINT (ns): Last event.
-- example: SELECT * FROM family('01:00.2') ORDER BY "function", generation
SELECT fn, "function", generation, kind, vf_index, first_ns, last_ns
FROM main.functions
WHERE coalesce(pf, "function") IN (SELECT coalesce(pf, "function") FROM main.functions WHERE "function" = bdf(address))
