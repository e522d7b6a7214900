-- kind: macro
-- doc: The translation unit of a page shift in bytes: 4096 for 12.
-- param page_shift INTEGER: Page shift, 12 + STU.
-- returns: BIGINT
-- example: SELECT page_bytes(13) AS unit
CASE WHEN page_shift BETWEEN 0 AND 62 THEN 1::BIGINT << page_shift::INTEGER END
