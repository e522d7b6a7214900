import { COLON, DOT, MINUS, SPACE } from '../ascii.ts';

const UNDERSCORE = 0x5f;

/** Place of the driver and the device in a message. */
export interface Named {
  driverEnd: number;
  deviceStart: number;
  deviceEnd: number;
}

const LETTER = 1;
const DIGIT = 2;
const MARK = 3;
/** What a byte is in a name; 0 for those that no name has. */
const CLASS = new Uint8Array(256);
CLASS.fill(LETTER, 0x61, 0x7b);
CLASS.fill(LETTER, 0x41, 0x5b);
CLASS.fill(DIGIT, 0x30, 0x3a);
CLASS[MINUS] = LETTER;
CLASS[UNDERSCORE] = LETTER;
CLASS[COLON] = MARK;
CLASS[DOT] = MARK;

/** Longest names looked at. */
const LIMIT = 64;

/**
 * Finds `driver device: ` at the start of a message, the form of __dev_printk() in drivers/base/core.c (`pci 0000:01:00.1: `,
 * `usb 1-1: `, `arm-smmu-v3 arm-smmu-v3.2.auto: `). Prose such as `tsc: Fast` has no digit in its second word or no colon after
 * it. Returns false when the message names no device.
 */
export function readDevice(bytes: Uint8Array, start: number, end: number, out: Named): boolean {
  const limit = Math.min(end, start + LIMIT);
  let i = start;
  if (CLASS[bytes[start]] !== LETTER) return false;
  for (let kind = LETTER; i < limit && (kind === LETTER || kind === DIGIT); ) kind = CLASS[bytes[++i]];
  if (i >= limit || bytes[i] !== SPACE) return false;
  out.driverEnd = i;
  out.deviceStart = i + 1;
  let digits = 0;
  for (i++; i < limit; i++) {
    const byte = bytes[i];
    if (byte === SPACE) break;
    const kind = CLASS[byte];
    if (kind === 0) return false;
    if (kind === DIGIT) digits++;
  }
  if (digits === 0 || i >= limit || bytes[i - 1] !== COLON || i - 1 === out.deviceStart) return false;
  out.deviceEnd = i - 1;
  return true;
}
