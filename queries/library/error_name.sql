-- kind: macro
-- doc: What the kernel calls a returned value: `ok` for 0 and more, the name of an error number such as `EINVAL`, or the
--   number where it has none here. NULL where no value was recorded.
-- param result BIGINT: Value returned.
-- returns: VARCHAR
-- example: SELECT error_name(-22) AS result
CASE
  WHEN result >= 0 THEN 'ok'
  ELSE coalesce(
    (MAP {
      -1: 'EPERM', -2: 'ENOENT', -4: 'EINTR', -5: 'EIO', -6: 'ENXIO', -11: 'EAGAIN', -12: 'ENOMEM', -13: 'EACCES',
      -14: 'EFAULT', -16: 'EBUSY', -17: 'EEXIST', -19: 'ENODEV', -22: 'EINVAL', -25: 'ENOTTY', -28: 'ENOSPC', -34: 'ERANGE',
      -38: 'ENOSYS', -62: 'ETIME', -95: 'EOPNOTSUPP', -110: 'ETIMEDOUT', -517: 'EPROBE_DEFER', -524: 'ENOTSUPP'
    })[result::INTEGER],
    result::VARCHAR)
END
