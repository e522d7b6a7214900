import type { Cursor } from './cursor.ts';
import type { FormatFile } from './trace-file.ts';

/** Longest blob of metadata that is read: symbols of a large kernel take 20 MiB. */
const MAX_BLOB = 96 * 1024 * 1024;
const MAX_FILE = 1024 * 1024;

const latin1 = new TextDecoder('latin1');

function blob(cursor: Cursor, length: number, what: string, limit = MAX_BLOB): Uint8Array {
  if (length > limit)
    throw cursor.damage(`${what} should have ${length} bytes, more than the ${limit} that make sense`);
  return cursor.take(length, what);
}

/** header_page and header_event: tell the size of a long and the format of the ring buffer. */
export interface HeaderInfo {
  readonly page: string;
  readonly event: string;
}

/** @throws Damage */
export function readHeaderInfo(cursor: Cursor): HeaderInfo {
  const texts: string[] = [];
  for (const name of ['header_page', 'header_event']) {
    const found = cursor.string(`the mark "${name}"`);
    if (found !== name)
      throw cursor.damage(`expected the mark "${name}", found ${JSON.stringify(found.slice(0, 20))}`);
    texts.push(latin1.decode(blob(cursor, cursor.size64(`the size of ${name}`), name, MAX_FILE)));
  }
  return { page: texts[0], event: texts[1] };
}

/** Format files of the built-in events. @throws Damage */
export function readFtraceFormats(cursor: Cursor, formats: FormatFile[]): void {
  const count = cursor.u32();
  for (let i = 0; i < count; i++) formats.push({ system: 'ftrace', text: formatText(cursor) });
}

/** Format files of all systems. @throws Damage */
export function readEventFormats(cursor: Cursor, formats: FormatFile[]): void {
  const systems = cursor.u32();
  for (let i = 0; i < systems; i++) {
    const system = cursor.string('the name of an event system');
    const count = cursor.u32();
    for (let j = 0; j < count; j++) formats.push({ system, text: formatText(cursor) });
  }
}

function formatText(cursor: Cursor): Uint8Array {
  return blob(cursor, cursor.size64('the size of an event format'), 'an event format', MAX_FILE);
}

/** Symbols and printk formats: a 32-bit size before the text. @throws Damage */
export function readSized32(cursor: Cursor, what: string): Uint8Array {
  return blob(cursor, cursor.u32(), what);
}

/** Saved command lines: a 64-bit size before the text. @throws Damage */
export function readSized64(cursor: Cursor, what: string): Uint8Array {
  return blob(cursor, cursor.size64(`the size of ${what}`), what);
}
