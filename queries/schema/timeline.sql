-- What the timelines of all PF families stand on, computed once. A family is named by the address of its PF, or of a
-- function that has none.
CREATE SCHEMA timeline;

-- The functions of each family. `begin_ns` is where the recording shows a function appear; NULL where it was there
-- before. `end_ns` is where its address appears again as a new generation; NULL where it does not.
CREATE VIEW timeline.members AS
  SELECT
    coalesce(pf, "function") AS family,
    fn,
    "function",
    kind,
    CASE WHEN start_seen THEN first_ns END AS begin_ns,
    lead(first_ns) OVER (PARTITION BY "function" ORDER BY generation) AS end_ns,
    first_ns,
    last_ns
  FROM main.functions;

-- The longest losses, on the common timeline. A loss without begin or end is longer than any other.
CREATE VIEW timeline.losses AS
  SELECT l.source, l.from_ns + coalesce(c.offset_ns, 0) AS from_ns, l.to_ns + coalesce(c.offset_ns, 0) AS to_ns, l.message
  FROM main.losses l LEFT JOIN main.clocks c USING (source)
  ORDER BY l.to_ns - l.from_ns DESC NULLS FIRST, l.source, l.seq, l."offset"
  LIMIT 200;

-- State intervals of each family: ATS on or off (`en`), and the STU.
CREATE TABLE timeline.learned AS
  SELECT m.family, i.fn, m."function", m.kind, i.layer, i.field, i.value, i.from_ns, least(i.to_ns, m.end_ns) AS to_ns
  FROM main.state_intervals i JOIN timeline.members m USING (fn)
  WHERE i.field IN ('en', 'stu')
    AND i.from_ns IS NOT NULL
    AND i.to_ns IS NOT NULL
    AND i.from_ns < coalesce(m.end_ns, i.to_ns + 1);

-- Resets of functions, and WARNs of the kernel. A WARN belongs to the function of its call; one that no call explains names
-- no function and no family.
CREATE VIEW timeline.happenings AS
  SELECT coalesce(f.pf, f."function") AS family, c."function", 'reset' AS what, coalesce(c.start_ns, c.end_ns) AS time_ns
  FROM main.ats_calls c
    JOIN main.functions f USING (fn)
    LEFT JOIN main.ats_calls p ON p.call = c.parent
  WHERE c.kind IN ('reset.function', 'reset.flr')
    AND p.kind IS DISTINCT FROM 'reset.function'
    AND coalesce(c.start_ns, c.end_ns) IS NOT NULL
  UNION ALL
  SELECT coalesce(f.pf, f."function"), c."function", 'warn', coalesce(c.end_ns, c.start_ns)
  FROM main.ats_calls c JOIN main.functions f USING (fn)
  WHERE c.warned AND coalesce(c.end_ns, c.start_ns) IS NOT NULL
  UNION ALL
  SELECT NULL, NULL, 'warn', e.time_ns
  FROM main.ats_events e LEFT JOIN main.clocks k USING (source)
  WHERE e.kind = 'log.warn'
    AND e.fn IS NULL
    AND e.time_ns IS NOT NULL
    AND NOT EXISTS (
      FROM main.ats_calls c
      WHERE c.warned
        AND e.time_ns BETWEEN coalesce(c.start_ns, c.end_ns) - coalesce(k.residual_ns, 0) - 1000000
          AND coalesce(c.end_ns, c.start_ns) + coalesce(k.residual_ns, 0) + 1000000
    );

-- Times at which something happens in a family, and their places from 0 to 1 on an axis that shortens idle time: a gap
-- of n microseconds takes ln(1 + n / 10), a gap of n ticks ln(1 + n), so that bursts can be read beside long silence.
CREATE TABLE timeline.steps AS
  WITH units AS (
    SELECT CASE WHEN count(*) > 0 THEN 1 ELSE 1e4 END AS unit FROM main.sources WHERE time_unit = 'ticks'
  ), shown AS (
    SELECT DISTINCT family FROM timeline.learned
  ), times AS (
    SELECT family, from_ns AS time_ns FROM timeline.learned
    UNION SELECT family, to_ns FROM timeline.learned
    UNION SELECT family, first_ns FROM timeline.members SEMI JOIN shown USING (family)
    UNION SELECT family, last_ns FROM timeline.members SEMI JOIN shown USING (family)
    UNION SELECT coalesce(pf, "function") AS family, time_ns FROM main.findings
    UNION SELECT coalesce(h.family, s.family), h.time_ns FROM timeline.happenings h JOIN shown s ON coalesce(h.family, s.family) = s.family
    UNION SELECT family, from_ns FROM timeline.losses, shown
    UNION SELECT family, to_ns FROM timeline.losses, shown
  ), gaps AS (
    SELECT
      family,
      time_ns,
      ln(1 + coalesce(time_ns - lag(time_ns) OVER (PARTITION BY family ORDER BY time_ns), 0) / unit) AS gap
    FROM times, units
    WHERE time_ns IS NOT NULL AND family IS NOT NULL
  ), placed AS (
    SELECT family, time_ns, sum(gap) OVER (PARTITION BY family ORDER BY time_ns) AS place FROM gaps
  )
  SELECT family, time_ns, round(coalesce(place / nullif(max(place) OVER (PARTITION BY family), 0), 0), 6) AS x
  FROM placed;

-- The same intervals, and those in which the state of register and core is not known because nothing was learned yet.
CREATE TABLE timeline.intervals AS
  WITH ends AS (
    SELECT family, min(time_ns) AS first_ns, max(time_ns) AS last_ns FROM timeline.steps GROUP BY family
  ), first_learned AS (
    SELECT fn, layer, min(from_ns) AS learned_ns FROM timeline.learned WHERE field = 'en' GROUP BY fn, layer
  ), unlearned AS (
    SELECT
      m.family,
      m.fn,
      m."function",
      m.kind,
      l.layer,
      'en' AS field,
      NULL::INTEGER AS value,
      coalesce(m.begin_ns, ends.first_ns) AS from_ns,
      coalesce(learned_ns, m.end_ns, CASE WHEN m.begin_ns IS NULL THEN ends.last_ns ELSE coalesce(m.last_ns, ends.last_ns) END) AS to_ns
    FROM timeline.members m
      JOIN ends USING (family)
      CROSS JOIN (VALUES ('core'), ('hw')) l(layer)
      LEFT JOIN first_learned USING (fn, layer)
    WHERE m.family IN (SELECT family FROM timeline.learned)
  )
  FROM timeline.learned
  UNION ALL BY NAME
  FROM unlearned WHERE to_ns > from_ns;
