import { ascii, BACKSLASH, COLON, findByte, hexDigit, SPACE, startsWith } from '../ascii.ts';
import { BYTE_CLASS, PLAIN } from '../paste/clean.ts';
import type { RecordWriter } from './records.ts';

const SUBSYSTEM = ascii('SUBSYSTEM=');
const DEVICE = ascii('DEVICE=');
/** rsyslog writes control bytes as `#` and three octal digits. */
const ESCAPED_LF = ascii('#012');
const PLUS = 0x2b;

/** Takes the `\xNN` escapes of msg_add_ext_text() in kernel/printk/printk.c out of a line, in place; returns its end. */
export function unescapeLine(bytes: Uint8Array, start: number, end: number): number {
  let to = findByte(bytes, BACKSLASH, start, end);
  if (to < 0) return end;
  for (let i = to; i < end; ) {
    const high = bytes[i] === BACKSLASH && bytes[i + 1] === 0x78 && i + 3 < end ? hexDigit(bytes[i + 2]) : -1;
    const low = high < 0 ? -1 : hexDigit(bytes[i + 3]);
    bytes[to++] = low < 0 ? bytes[i] : high * 16 + low;
    i += low < 0 ? 1 : 4;
  }
  return to;
}

/** Index of the `#012 KEY=value` with which a syslog daemon continues a record on one line, or `end`. */
export function inlineDictionary(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i + 4 < end; i++) {
    if (bytes[i] === ESCAPED_LF[0] && bytes[i + 4] === SPACE && startsWith(bytes, i, end, ESCAPED_LF))
      return i;
  }
  return end;
}

/** Takes the `#012 KEY=value` parts in `[start, end)`. */
export function takeInlineDictionary(
  bytes: Uint8Array,
  start: number,
  end: number,
  writer: RecordWriter,
): void {
  for (let at = start; at < end; ) {
    const next = inlineDictionary(bytes, at + ESCAPED_LF.length, end);
    takeDictionary(bytes, at + ESCAPED_LF.length + 1, next, writer);
    at = next;
  }
}

/**
 * Takes one `KEY=value` of the dictionary of a record (Documentation/ABI/testing/dev-kmsg): the device as `+pci:0000:01:00.1`, or as
 * a device number that is kept as printed.
 */
export function takeDictionary(bytes: Uint8Array, start: number, end: number, writer: RecordWriter): void {
  if (startsWith(bytes, start, end, SUBSYSTEM)) {
    writer.setSubsystem(bytes, start + SUBSYSTEM.length, end);
  } else if (startsWith(bytes, start, end, DEVICE)) {
    takeDevice(bytes, start + DEVICE.length, end, writer);
  }
}

const SUBSYSTEM_LINE = ascii(' SUBSYSTEM=');
const DEVICE_LINE = ascii(' DEVICE=');

/**
 * Takes the line ` SUBSYSTEM=name` or ` DEVICE=name`, the most frequent ones after a record of /dev/kmsg, when nothing in it needs a
 * closer look. False for any other line.
 */
export function takePlainDictionary(
  bytes: Uint8Array,
  start: number,
  end: number,
  writer: RecordWriter,
): boolean {
  const isDevice = bytes[start + 1] === DEVICE_LINE[1];
  const key = isDevice ? DEVICE_LINE : SUBSYSTEM_LINE;
  if (!startsWith(bytes, start, end, key)) return false;
  const value = start + key.length;
  for (let i = value; i < end; i++) {
    if (BYTE_CLASS[bytes[i]] !== PLAIN || bytes[i] === BACKSLASH) return false;
  }
  if (isDevice) takeDevice(bytes, value, end, writer);
  else writer.setSubsystem(bytes, value, end);
  return true;
}

/** Sets the device from its kernel name, `+subsystem:name` or a device number. */
export function takeDevice(bytes: Uint8Array, start: number, end: number, writer: RecordWriter): void {
  const colon = bytes[start] === PLUS ? findByte(bytes, COLON, start, end) : -1;
  writer.setDevice(bytes, colon < 0 ? start : colon + 1, end);
}
