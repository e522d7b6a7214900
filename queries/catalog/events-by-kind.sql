-- title: Trace events by kind
-- doc: How many events of each kind are stored, and from when to when?
-- column event: Kind of the event.
-- column events: How many.
-- column tasks: Distinct tasks that were running.
-- column first_ns (ns): The first, on the clock of its source.
-- column last_ns (ns): The last.
SELECT event, count(*) AS events, count(DISTINCT pid) AS tasks, min(time_ns) AS first_ns, max(time_ns) AS last_ns
FROM trace_events
GROUP BY event
ORDER BY events DESC, event;
