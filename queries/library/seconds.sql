-- kind: macro
-- doc: A time in nanoseconds as exact text in seconds, e.g. `25.590847000`.
-- param time_ns BIGINT (ns): The time.
-- returns: VARCHAR
-- example: SELECT seconds(25590847000) AS time
CASE WHEN time_ns < 0 THEN '-' ELSE '' END || (abs(time_ns) // 1000000000)::VARCHAR || '.' || lpad((abs(time_ns) % 1000000000)::VARCHAR, 9, '0')
