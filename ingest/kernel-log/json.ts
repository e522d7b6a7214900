import type { DecodeOptions } from '../format.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { FACILITIES, type Hints, LEVELS, readHead } from './core.ts';
import { afterBlank, Head, UPTIME } from './head.ts';
import { JOURNAL_FIELDS, type JournalEntry, JournalReader } from './journal.ts';
import { type JsonObject, scanJsonObjects } from './json-objects.ts';
import type { RecordWriter } from './records.ts';

const KEYS = /"(?:dmesg|msg|MESSAGE|__REALTIME_TIMESTAMP)"\s*:/;

/** An object, perhaps the first of an array, and no line of a LAVA log, which is an object behind a dash. */
const BEGIN = /^(?![^"{[]{0,60}- \{)[^"{[]{0,60}(?:\[[^"{}[\]]{0,60})?\{[^"{}[\]]{0,60}"/;

/** True when a sample of a source is the JSON of dmesg or journalctl, perhaps behind a prefix on each line. */
export function isJson(sample: string): boolean {
  return BEGIN.test(sample) && KEYS.test(sample);
}

const NO_HINTS: Hints = { bare: false, monotonicJournal: false, isoJournal: false };
/** Quoting or a time that was put before the lines of an object. */
const LINE_PREFIX = /\n[^"{}\n]{1,60}(?=["}])/g;
/** The time as text, because a number would lose digits on its way through JSON.parse. */
const TIME = /"time"\s*:\s*(?:"([^"]{0,60})"|(\d{1,10})\.(\d{1,9}))/;

type Json = Readonly<Record<string, unknown>>;

/** Reads `dmesg -J` and `journalctl -o json`, pretty-printed or not. */
export function decodeJson(
  source: ByteSource,
  out: SourceRecording,
  writer: RecordWriter,
  options: DecodeOptions,
): void {
  const journal = new JournalReader(writer, 'journalctl -o json');
  const head = new Head();
  const scan = scanJsonObjects(
    source,
    options.chunkSize,
    (object) => {
      const text = object.text.toString('utf8');
      const parsed = parse(text);
      const place = { offset: object.offset, length: object.text.length, line: object.line };
      const isRecord =
        parsed !== null &&
        (typeof parsed.msg === 'string'
          ? takeDmesg(parsed, text, object, head, writer)
          : journal.take(entryOf(parsed), place));
      out.bytes[isRecord ? 'record' : 'unparsed'] += object.text.length;
      if (isRecord) return;
      out.unparsed++;
      out.note(
        'warning',
        'no-kernel-object',
        place,
        'a JSON object that is no record of dmesg or journalctl',
      );
    },
    options.progress,
  );
  out.bytes.comment += scan.between;
  out.bytes.unparsed += scan.damaged;
  if (scan.damaged === 0) return;
  out.complete = false;
  out.unparsed++;
  out.note('warning', 'cut-json', null, `${scan.damaged} bytes belong to JSON objects without an end`);
}

function parse(text: string): Json | null {
  for (const candidate of [text, text.replace(LINE_PREFIX, '\n')]) {
    try {
      return JSON.parse(candidate) as Json;
    } catch {
      // The second form, then none.
    }
  }
  return null;
}

/** A record of util-linux dmesg: `pri` is facility and level in one number, with `-x` two names. */
function takeDmesg(
  record: Json,
  text: string,
  object: JsonObject,
  head: Head,
  writer: RecordWriter,
): boolean {
  const caller = typeof record.caller === 'string' ? record.caller : '';
  const bytes = Buffer.from(caller + String(record.msg));
  const callerLength = Buffer.byteLength(caller);
  head.clear();
  readTime(text, head);
  if (callerLength > 0) {
    head.callerStart = 0;
    head.callerEnd = callerLength;
  }
  if (typeof record.pri === 'number' && record.pri >= 0 && record.pri <= 2047) {
    head.level = record.pri & 7;
    head.facility = record.pri >> 3;
  } else {
    head.level = LEVELS.indexOf(String(record.pri));
    head.facility = FACILITIES.indexOf(String(record.fac));
  }
  head.rendering = 'dmesg JSON';
  writer.begin(head, bytes, object.offset, object.text.length, object.line);
  writer.appendLines(bytes, callerLength, bytes.length);
  return true;
}

function readTime(text: string, head: Head): void {
  const match = TIME.exec(text);
  if (!match) return;
  if (match[1] === undefined) {
    head.timeKind = UPTIME;
    head.seconds = Number(match[2]);
    head.nanos = Number(match[3].padEnd(9, '0'));
    head.stepNs = 10 ** (9 - match[3].length);
    return;
  }
  const time = Buffer.from(`${match[1].startsWith('[') ? match[1] : `[${match[1]}]`} x`);
  head.textEnd = time.length;
  if (readHead(time, 0, head, NO_HINTS) >= 0) return;
  const bare = Buffer.from(`${match[1]} x`);
  head.textEnd = bare.length;
  if (readHead(bare, afterBlank(bare, 0, bare.length), head, NO_HINTS) < 0) head.clear();
}

/** Values as bytes: journalctl writes text as a string, other data as an array of numbers, repeated fields as an array. */
function entryOf(object: Json): JournalEntry {
  const entry: JournalEntry = {};
  for (const field of JOURNAL_FIELDS) {
    const value = object[field];
    if (typeof value === 'string' || typeof value === 'number') entry[field] = Buffer.from(String(value));
    else if (!Array.isArray(value)) continue;
    else if (typeof value[0] === 'number') entry[field] = Buffer.from(value as number[]);
    else if (typeof value[0] === 'string') entry[field] = Buffer.from(value[0]);
  }
  return entry;
}
