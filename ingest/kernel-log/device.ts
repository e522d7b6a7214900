import { COLON, DOT, isDigit, MINUS, SPACE } from './bytes.ts';

const UNDERSCORE = 0x5f;

/** Place of the driver and the device in a message. */
export interface Named {
  driverEnd: number;
  deviceStart: number;
  deviceEnd: number;
}

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
  while (i < limit && isNameByte(bytes[i])) i++;
  if (i === start || i >= limit || bytes[i] !== SPACE || isDigit(bytes[start])) return false;
  out.driverEnd = i;
  out.deviceStart = i + 1;
  let digits = 0;
  for (i++; i < limit; i++) {
    const byte = bytes[i];
    if (byte === SPACE) break;
    if (isDigit(byte)) digits++;
    else if (!isNameByte(byte) && byte !== COLON && byte !== DOT) return false;
  }
  if (digits === 0 || i >= limit || bytes[i - 1] !== COLON || i - 1 === out.deviceStart) return false;
  out.deviceEnd = i - 1;
  return true;
}

function isNameByte(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || isDigit(byte) || byte === MINUS || byte === UNDERSCORE;
}
