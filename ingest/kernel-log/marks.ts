import type { RecordPlace } from '../place.ts';
import type { Bucket } from '../recording.ts';
import type { RecordWriter } from './records.ts';
import { byFirstByte, type LineRule, matchOf } from './starts.ts';

interface MarkRule extends LineRule {
  readonly bucket: Bucket;
  readonly take?: (writer: RecordWriter, match: RegExpExecArray, place: RecordPlace) => void;
}

/** Lines that programs put between the records. */
const MARKS: readonly MarkRule[] = [
  {
    // console_prepend_dropped() in kernel/printk/printk.c
    starts: ['** '],
    pattern: /^\*\* (\d{1,18}) printk messages dropped \*\*/,
    bucket: 'marker',
    take: (writer, match, place) => writer.lose('printk-dropped', BigInt(match[1]), match[0], place),
  },
  // console_prepend_replay() in kernel/printk/printk.c: what an atomic console printed in part comes again
  { starts: ['** replaying'], pattern: /^\*\* replaying previous printk message \*\*$/, bucket: 'marker' },
  // grep between groups of context
  { starts: ['--'], pattern: /^--$/, bucket: 'comment' },
  {
    // journalctl between boots
    starts: ['-- Boot ', '-- Reboot '],
    pattern: /^-- (?:Boot [0-9a-f]{32}|Reboot) --$/,
    bucket: 'marker',
    take: (writer) => writer.markBoot(),
  },
  {
    starts: ['-- '],
    pattern: /^-- (?:Logs begin at|Journal begins at|No entries) ?.*--$/,
    bucket: 'comment',
  },
  // fs/pstore/platform.c pstore_dump(): kmsg dump header; fs/pstore/ram.c ramoops_write_kmsg_hdr(), ECC notice
  {
    starts: ['Oops#', 'Panic#', 'Emergency#', 'Restart#', 'Halt#', 'Poweroff#', 'Shutdown#', 'Unknown#'],
    pattern: /^(?:Oops|Panic|Emergency|Restart|Halt|Poweroff|Shutdown|Unknown)#\d{1,9} Part\d{1,9}$/,
    bucket: 'marker',
  },
  { starts: ['===='], pattern: /^====\d{1,12}\.\d{6,9}-[DC]$/, bucket: 'marker' },
  {
    starts: ['No errors detected', ...'0123456789'],
    pattern: /^(?:No errors detected|\d{1,9} Corrected bytes, \d{1,9} unrecoverable blocks)$/,
    bucket: 'marker',
  },
  {
    // journald: dev_kmsg_record() in src/journal/journald-kmsg.c
    starts: ['systemd-journald['],
    pattern:
      /^systemd-journald\[\d{1,10}\]: (?:Missed (\d{1,18}) kernel messages|\/dev\/kmsg buffer overrun)/,
    bucket: 'marker',
    take: (writer, match, place) =>
      writer.lose('dropped', match[1] === undefined ? null : BigInt(match[1]), match[0], place),
  },
];

/** Longest line that is looked at. */
export const MAX_MARK = 200;

const MARKS_BY_FIRST_BYTE = byFirstByte(MARKS);

/** By the first two bytes of a line: can it be a mark? */
const MAY_BEGIN = new Uint8Array(65536);
for (const start of MARKS.flatMap(({ starts }) => starts)) {
  const first = start.charCodeAt(0) << 8;
  if (start.length > 1) MAY_BEGIN[first | start.charCodeAt(1)] = 1;
  else MAY_BEGIN.fill(1, first, first + 256);
}

/** The cheap test for every line: can one that begins with these bytes be a mark? */
export function mayBeMark(first: number, second: number): boolean {
  return MAY_BEGIN[(first << 8) | second] === 1;
}

/** Acts on a line between the records; returns its bucket, or null for a line that is no such mark. */
export function takeMark(writer: RecordWriter, text: string, place: RecordPlace): Bucket | null {
  const mark = matchOf(MARKS_BY_FIRST_BYTE[text.charCodeAt(0)] ?? [], text);
  if (!mark) return null;
  mark.rule.take?.(writer, mark.match, place);
  return mark.rule.bucket;
}
