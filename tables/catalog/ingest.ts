import { type ColumnDef, defineTable, type TableDef } from '../define.ts';

export const SOURCES = defineTable({
  name: 'sources',
  doc: 'One row for each input, with what it is and how completely it was read.',
  columns: [
    { name: 'source', type: 'u16', doc: 'Number of the source, counted from 0 in the order given.' },
    {
      name: 'path',
      type: 'text',
      doc: 'The input as the user named it; a member of a bundle is `bundle.tar:member`.',
    },
    { name: 'format', type: 'dict', doc: 'Id of the format that read it, e.g. `ftrace-text`.' },
    {
      name: 'detail',
      type: 'text',
      nullable: true,
      doc: 'The rendering within the format, e.g. `tracefs trace`.',
    },
    { name: 'bytes', type: 'i64', unit: 'bytes', doc: 'Size after decompression.' },
    {
      name: 'records',
      type: 'i64',
      doc: 'Events or log records in it, whether or not the model can use them.',
    },
    { name: 'record_bytes', type: 'i64', unit: 'bytes', doc: 'Bytes that are records.' },
    { name: 'continuation_bytes', type: 'i64', unit: 'bytes', doc: 'Bytes that continue a record.' },
    {
      name: 'marker_bytes',
      type: 'i64',
      unit: 'bytes',
      doc: 'Bytes of marks about the recording, e.g. losses.',
    },
    { name: 'comment_bytes', type: 'i64', unit: 'bytes', doc: 'Headers, legends and blank lines.' },
    { name: 'unparsed_bytes', type: 'i64', unit: 'bytes', doc: 'Bytes that no decoder understood.' },
    { name: 'unparsed', type: 'i64', doc: 'Lines or records that were not understood.' },
    { name: 'clock', type: 'dict', nullable: true, doc: 'Clock of its times, where the input says so.' },
    {
      name: 'time_unit',
      type: 'dict',
      nullable: true,
      doc: '`ns`, or `ticks` for a clock that does not count time.',
    },
    {
      name: 'precision_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Smallest step its times can show.',
    },
    { name: 'first_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Time of its first record.' },
    { name: 'last_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Time of its last record.' },
    {
      name: 'kernel_release',
      type: 'text',
      nullable: true,
      doc: 'Release string of the kernel that wrote it.',
    },
    { name: 'complete', type: 'bool', doc: 'False where the input ends in the middle of a record.' },
    {
      name: 'taken',
      type: 'dict',
      nullable: true,
      doc: 'When a listing of the hardware was taken: `before` or `after` the recording; NULL where neither its bundle nor the user says so.',
    },
  ],
});

export const IMPORT_LOG = defineTable({
  name: 'import_log',
  doc: 'Everything that went less than perfectly while reading, with its place.',
  columns: [
    { name: 'source', type: 'u16', doc: 'The source (see `sources`).' },
    { name: 'severity', type: 'dict', doc: '`info`, `warning` or `error`.' },
    { name: 'code', type: 'dict', doc: 'Stable name of the kind of problem.' },
    { name: 'offset', type: 'i64', nullable: true, unit: 'bytes', doc: 'Where in the source.' },
    { name: 'line', type: 'u32', nullable: true, doc: 'Line number from 1, for text.' },
    { name: 'count', type: 'u32', doc: 'How many times; the place is that of the first.' },
    { name: 'message', type: 'text', doc: 'What was expected, what was found.' },
  ],
});

export const LOSSES = defineTable({
  name: 'losses',
  doc: 'Intervals in which the recording itself says that it lost events.',
  columns: [
    { name: 'source', type: 'u16', doc: 'The source (see `sources`).' },
    {
      name: 'kind',
      type: 'dict',
      doc: '`overwritten`, `lost`, `dropped`, `sequence-gap`, `printk-dropped`, `suppressed` (by a rate limit of the kernel), `cut`, `other-cpus` (their events are not in the file) or `buffer-start`.',
    },
    { name: 'cpu', type: 'u16', nullable: true, doc: 'CPU whose buffer lost them; NULL when any.' },
    {
      name: 'count',
      type: 'i64',
      nullable: true,
      doc: 'How many were lost; NULL when the recording does not say.',
    },
    { name: 'seq', type: 'u32', doc: 'Lost before the record with this number in its source.' },
    {
      name: 'from_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Last record before the loss; NULL at the start.',
    },
    {
      name: 'to_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'First record after the loss; NULL at the end.',
    },
    { name: 'offset', type: 'i64', unit: 'bytes', doc: 'Where in the source.' },
    { name: 'line', type: 'u32', nullable: true, doc: 'Line number from 1, for text.' },
    { name: 'message', type: 'text', doc: 'What the recording says.' },
  ],
});

export const CLOCKS = defineTable({
  name: 'clocks',
  doc: 'How the clock of each source was laid onto the common timeline.',
  columns: [
    { name: 'source', type: 'u16', doc: 'The source (see `sources`).' },
    { name: 'clock', type: 'dict', nullable: true, doc: 'Its clock, where known.' },
    {
      name: 'relation',
      type: 'dict',
      doc: '`reference`, `same`, `aligned`, `before` or `after` (a listing of the hardware taken before or after the recording), or `concurrent` (order against others unknown).',
    },
    {
      name: 'offset_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Added to its times to get the common time; where there is a drift, at the first record of the two.',
    },
    {
      name: 'drift_ppb',
      type: 'i64',
      nullable: true,
      unit: 'ppb',
      doc: 'How much the common clock gains on it, in ns per second; NULL where no drift was measured.',
    },
    {
      name: 'residual_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Error that remains after alignment; 19 of 20 writes matched with a log of the hardware lie within it.',
    },
    { name: 'matches', type: 'u32', doc: 'Events seen in both that the alignment rests on.' },
    { name: 'method', type: 'text', doc: 'What the alignment rests on.' },
  ],
});

/** The columns that every trace event has; the event's own fields follow them. */
export const EVENT_COLUMNS: readonly ColumnDef[] = [
  { name: 'source', type: 'u16', doc: 'The source (see `sources`).' },
  { name: 'seq', type: 'u32', doc: 'Number of the event in its source, over all kinds of event.' },
  {
    name: 'time_ns',
    type: 'i64',
    nullable: true,
    unit: 'ns',
    doc: 'Time on the clock of its source (ticks for a counting clock); NULL where a text prints none.',
  },
  { name: 'cpu', type: 'u16', nullable: true, doc: 'CPU that recorded it.' },
  {
    name: 'pid',
    type: 'i32',
    nullable: true,
    doc: 'Task that was running (the thread id, as in every trace).',
  },
  { name: 'comm', type: 'dict', nullable: true, doc: 'Name of that task.' },
  {
    name: 'flags',
    type: 'dict',
    nullable: true,
    doc: 'Interrupt, preemption and rescheduling flags as printed.',
  },
  { name: 'symbol', type: 'dict', nullable: true, doc: 'Probed function, where the event names it.' },
  {
    name: 'caller',
    type: 'dict',
    nullable: true,
    doc: 'Where a return probe says the function returned to.',
  },
  { name: 'is_return', type: 'bool', doc: 'True for an event of a return probe.' },
  { name: 'offset', type: 'i64', unit: 'bytes', doc: 'Where in the source it stands.' },
  { name: 'length', type: 'u32', unit: 'bytes', doc: 'Its length there.' },
  { name: 'line', type: 'u32', nullable: true, doc: 'Line number from 1, for text.' },
];

/** Declaration of the table of one kind of trace event. A field named like a common column gets the prefix `arg_`. */
export function eventTableDef(event: string, system: string | null, fields: readonly ColumnDef[]): TableDef {
  const common = new Set(EVENT_COLUMNS.map((column) => column.name));
  return {
    schema: 'ftrace',
    name: event,
    doc: `Trace event ${system ? `${system}:` : ''}${event}.`,
    columns: [
      ...EVENT_COLUMNS,
      ...fields.map((field) => (common.has(field.name) ? { ...field, name: `arg_${field.name}` } : field)),
    ],
  };
}

export const LOG_RECORDS = defineTable({
  name: 'log_records',
  doc: 'Records of the kernel log, in the order of the log.',
  columns: [
    { name: 'source', type: 'u16', doc: 'The source (see `sources`).' },
    { name: 'seq', type: 'u32', doc: 'Number of the record in its source.' },
    {
      name: 'boot',
      type: 'u16',
      doc: 'Boot within the source, from 0: every boot is a timeline of its own.',
    },
    {
      name: 'time_ns',
      type: 'i64',
      nullable: true,
      unit: 'ns',
      doc: 'Time of the record, of the kind that follows.',
    },
    {
      name: 'time_kind',
      type: 'dict',
      doc: '`uptime` (since boot), `wall` (since 1970, UTC), `relative` (since the first record) or `none`.',
    },
    { name: 'level', type: 'u8', nullable: true, doc: 'printk level 0 (emergency) to 7 (debug).' },
    { name: 'facility', type: 'u8', nullable: true, doc: 'syslog facility, 0 = kernel.' },
    {
      name: 'caller',
      type: 'dict',
      nullable: true,
      doc: 'Caller id: `T<pid>` for a task, `C<cpu>` for an interrupt.',
    },
    {
      name: 'device',
      type: 'dict',
      nullable: true,
      doc: 'Device that a device message names, e.g. `0000:01:00.1`.',
    },
    { name: 'driver', type: 'dict', nullable: true, doc: 'Driver or subsystem that a device message names.' },
    { name: 'message', type: 'text', doc: 'The message without any prefix.' },
    { name: 'offset', type: 'i64', unit: 'bytes', doc: 'Where in the source it stands.' },
    { name: 'length', type: 'u32', unit: 'bytes', doc: 'Its length there.' },
    { name: 'line', type: 'u32', nullable: true, doc: 'Line number from 1.' },
  ],
});

export const SPLATS = defineTable({
  name: 'splats',
  doc: 'WARN, BUG, Oops and their relatives, each with what its lines say.',
  columns: [
    { name: 'source', type: 'u16', doc: 'The source (see `sources`).' },
    { name: 'splat', type: 'u32', doc: 'Number of the splat in its source.' },
    { name: 'boot', type: 'u16', doc: 'Boot within the source.' },
    {
      name: 'kind',
      type: 'dict',
      doc: '`warn`, `bug`, `oops`, `kasan`, `lockdep`, `hung-task`, `panic`, ...',
    },
    { name: 'time_ns', type: 'i64', nullable: true, unit: 'ns', doc: 'Time of its first line.' },
    { name: 'file', type: 'dict', nullable: true, doc: 'Source file in the kernel tree.' },
    { name: 'file_line', type: 'u32', nullable: true, doc: 'Line in that file.' },
    { name: 'symbol', type: 'dict', nullable: true, doc: 'Function it happened in.' },
    { name: 'symbol_offset', type: 'u32', nullable: true, doc: 'Offset into the function.' },
    { name: 'module', type: 'dict', nullable: true, doc: 'Module of the function.' },
    { name: 'cpu', type: 'u16', nullable: true, doc: 'CPU.' },
    { name: 'pid', type: 'i32', nullable: true, doc: 'Task.' },
    { name: 'uid', type: 'u32', nullable: true, doc: 'User of the task.' },
    { name: 'comm', type: 'dict', nullable: true, doc: 'Name of the task.' },
    { name: 'taint', type: 'dict', nullable: true, doc: 'Taint flags as printed.' },
    { name: 'kernel_release', type: 'dict', nullable: true, doc: 'Release string in its CPU line.' },
    { name: 'hardware', type: 'dict', nullable: true, doc: 'Hardware name.' },
    { name: 'title', type: 'text', doc: 'Its first line, without prefix.' },
    { name: 'first_seq', type: 'u32', doc: 'First log record that belongs to it.' },
    { name: 'last_seq', type: 'u32', doc: 'Last log record that belongs to it.' },
    { name: 'complete', type: 'bool', doc: 'False where its end is missing.' },
    { name: 'offset', type: 'i64', unit: 'bytes', doc: 'Where its first line stands.' },
    { name: 'length', type: 'u32', unit: 'bytes', doc: 'Length of its first line.' },
    { name: 'line', type: 'u32', nullable: true, doc: 'Line number of its first line, from 1.' },
  ],
});

export const SPLAT_FRAMES = defineTable({
  name: 'splat_frames',
  doc: 'Call traces of the splats, innermost frame first.',
  columns: [
    { name: 'source', type: 'u16', doc: 'The source (see `sources`).' },
    { name: 'splat', type: 'u32', doc: 'The splat (see `splats`).' },
    { name: 'depth', type: 'u16', doc: 'Position in the call trace, from 0.' },
    { name: 'symbol', type: 'dict', doc: 'Function.' },
    { name: 'symbol_offset', type: 'u32', nullable: true, doc: 'Offset into the function.' },
    { name: 'module', type: 'dict', nullable: true, doc: 'Module of the function.' },
    { name: 'reliable', type: 'bool', doc: 'False for a frame printed with `?`.' },
  ],
});

export const PROBES = defineTable({
  name: 'probes',
  doc: 'What a capture set out to observe, as the kit of a bundle wrote it down: one row for each probe and trace event. Empty without a bundle.',
  columns: [
    { name: 'source', type: 'u16', doc: 'The trace they recorded (see `sources`).' },
    {
      name: 'fate',
      type: 'dict',
      doc: '`installed`, `refused` (by the kernel), `missing` (no such function or event), `spared` (another one tells the same) or `off` (left out).',
    },
    { name: 'kind', type: 'dict', doc: '`entry`, `return` or `event` (a trace event of the kernel).' },
    { name: 'event', type: 'dict', doc: 'Name of its events.' },
    { name: 'symbol', type: 'dict', nullable: true, doc: 'Probed function; NULL for a trace event.' },
    {
      name: 'level',
      type: 'dict',
      doc: 'How much the kernel let it fetch: `full`, `name`, `offset`, `pointer`, `result`, `bare`, `boot` or `none`.',
    },
    { name: 'text', type: 'text', doc: 'Its arguments, or why it is not there.' },
    {
      name: 'left_out',
      type: 'dict',
      nullable: true,
      doc: 'Where it is `off`, the group of the kit that was left out: what `--without` was given.',
    },
    { name: 'missed', type: 'i64', doc: 'How often it could not run.' },
  ],
});
