-- title: Invalidations
-- doc: How many invalidations went to each function, were they answered, and was its ATS on?
-- column function: Address of the function; NULL where the event names none.
-- column invalidations: Invalidations sent.
-- column timeouts: Those that were not answered in time.
-- column while_off: Those sent while the register was known to be off.
-- column first_ns (ns): The first.
-- column last_ns (ns): The last.
SELECT * FROM invalidation_summary ORDER BY invalidations DESC, "function";
