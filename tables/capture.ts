import { defineTable, type TableDef } from './define.ts';

/**
 * Version of what is stored: tables, the standard library's views, and what timelines stand on. It goes up when any of them
 * changes its columns or its meaning, because named queries and reports of this program need what they were written for:
 * saved databases and data sets of another version are recognised instead of misread. A test holds each version's columns.
 */
export const SCHEMA_VERSION = 2;

export const CAPTURES = defineTable({
  name: 'captures',
  doc: 'What was analyzed together: one row here, one row for each capture in a data set of many.',
  columns: [
    {
      name: 'capture',
      type: 'text',
      doc: 'Id of the capture: a hash of the bytes of its inputs, the same wherever and whenever it is read.',
    },
    {
      name: 'kernel_release',
      type: 'text',
      nullable: true,
      doc: 'Release string of the kernel, where known.',
    },
    {
      name: 'profile',
      type: 'text',
      nullable: true,
      doc: 'Feature profile it was judged by; NULL when unknown.',
    },
    { name: 'verdict', type: 'dict', doc: '`pass`, `fail` or `inconclusive`.' },
    { name: 'errors', type: 'u32', doc: 'Findings of severity error.' },
    { name: 'warnings', type: 'u32', doc: 'Findings of severity warning.' },
    { name: 'inputs', type: 'u32', doc: 'Sources it was read from.' },
    { name: 'bytes', type: 'i64', unit: 'bytes', doc: 'Their size after decompression.' },
    { name: 'records', type: 'i64', doc: 'Their events and log records.' },
    {
      name: 'all_events',
      type: 'bool',
      doc: 'True when every kind of trace event was stored, not only those of the model.',
    },
    { name: 'schema_version', type: 'u16', doc: 'Version of the tables.' },
    { name: 'tool', type: 'text', doc: 'Program and version that wrote it.' },
  ],
});

export const CAPTURE_LABELS = defineTable({
  name: 'capture_labels',
  doc: 'Labels given to a capture with `--label name=value`, e.g. the board or the date.',
  columns: [
    { name: 'capture', type: 'text', doc: 'The capture (see `captures`).' },
    { name: 'label', type: 'dict', doc: 'Name of the label, e.g. `board`, `date`.' },
    { name: 'value', type: 'text', doc: 'Its value.' },
  ],
});

export const CAPTURE_TABLES: readonly TableDef[] = [CAPTURES, CAPTURE_LABELS];
