-- title: Writes to ATS Control as the hardware saw them
-- doc: Which writes did the model of the hardware see to ATS Control, and what did they ask for?
-- column source: The source (see `sources`).
-- column time_ns (ns): Time on the clock of its source.
-- column function: Address.
-- column value: The 16 bits.
-- column enable: Whether they switch ATS on.
-- column page_shift: Page shift they ask for.
-- column line: Line number from 1, for text.
SELECT
  a.source,
  a.time_ns,
  a."function",
  a.value,
  decode_ats_control(a.value).enable AS "enable",
  decode_ats_control(a.value).page_shift AS page_shift,
  a.line
FROM config_accesses a
WHERE a.is_write
  AND a."where" IN (SELECT f.ats_capability + 6 FROM functions f WHERE f."function" = a."function")
ORDER BY a.source, a.seq;
