import { hexDigit } from '../ascii.ts';

const AT = 64;
const COLON = 58;
const DOT = 46;
const SPACE = 32;
const ZERO = 48;
const LOWER_X = 120;
const LESS = 60;
const GREATER = 62;
const MINUS = 45;

/**
 * The arguments of `pci_cfg_read` and `pci_cfg_write` (hw/pci/trace-events), as positions in the buffer:
 *
 *     virtio-net-pci 01:00.1 @0x106 <- 0x8000     newer: bus, slot and function in hex
 *     virtio-net-pci 04:0 @0x106 <- 0x8000        before: slot and function in decimal, no bus
 *
 * No form says how wide the access is.
 */
export class ConfigAccess {
  deviceStart = 0;
  deviceEnd = 0;
  slotStart = 0;
  slotEnd = 0;
  /** Bus, device and function in 16 bits, or -1 where no bus is printed. */
  rid = -1;
  domain = 0;
  isWrite = false;
  where = 0;
  value = 0;

  /** False where the arguments have another shape. */
  parse(buffer: Uint8Array, start: number, end: number): boolean {
    let at = start;
    let slotStart = start;
    let slotEnd = start;
    // The device is all before the word before ` @`; it may have spaces.
    for (;;) {
      while (at < end && buffer[at] !== SPACE) at++;
      if (at + 1 >= end) return false;
      slotStart = slotEnd + 1;
      slotEnd = at++;
      if (buffer[at] === AT) break;
    }
    if (slotStart - 1 <= start || slotStart >= slotEnd) return false;
    this.deviceStart = start;
    this.deviceEnd = slotStart - 1;
    this.slotStart = slotStart;
    this.slotEnd = slotEnd;
    if (!this.parseSlot(buffer)) return false;
    at = this.parseHex(buffer, at + 1, end);
    if (at === 0 || this.value > 0xfff) return false;
    this.where = this.value;
    if (at + 4 >= end || buffer[at] !== SPACE || buffer[at + 3] !== SPACE) return false;
    if (buffer[at + 1] === LESS && buffer[at + 2] === MINUS) this.isWrite = true;
    else if (buffer[at + 1] === MINUS && buffer[at + 2] === GREATER) this.isWrite = false;
    else return false;
    at = this.parseHex(buffer, at + 4, end);
    return at === end;
  }

  /** `0x` and up to eight digits into `value`. Returns the position after them, or 0. */
  private parseHex(buffer: Uint8Array, start: number, end: number): number {
    if (buffer[start] !== ZERO || buffer[start + 1] !== LOWER_X) return 0;
    let at = start + 2;
    let value = 0;
    for (let digit = 0; at < end && at - start < 10; at++) {
      digit = hexDigit(buffer[at]);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    this.value = value;
    return at === start + 2 ? 0 : at;
  }

  private parseSlot(buffer: Uint8Array): boolean {
    const { slotStart, slotEnd } = this;
    if (slotEnd - slotStart === 7 && buffer[slotStart + 2] === COLON && buffer[slotStart + 5] === DOT) {
      const bus = (hexDigit(buffer[slotStart]) << 4) | hexDigit(buffer[slotStart + 1]);
      const slot = (hexDigit(buffer[slotStart + 3]) << 4) | hexDigit(buffer[slotStart + 4]);
      const fn = hexDigit(buffer[slotStart + 6]);
      this.domain = 0;
      this.rid = (bus << 8) | (slot << 3) | fn;
      // A digit that is none makes its part negative.
      return bus >= 0 && slot >= 0 && slot < 32 && fn >= 0 && fn < 8;
    }
    return this.parseOtherSlot(buffer);
  }

  private parseOtherSlot(buffer: Uint8Array): boolean {
    let value = 0;
    let digits = 0;
    let colons = 0;
    let bus = 0;
    let device = -1;
    this.domain = 0;
    this.rid = -1;
    for (let at = this.slotStart; at < this.slotEnd; at++) {
      const byte = buffer[at];
      if (byte === COLON) {
        if (digits === 0 || device >= 0 || ++colons > 2) return false;
        this.domain = bus;
        bus = value;
        value = digits = 0;
      } else if (byte === DOT) {
        if (digits === 0 || device >= 0) return false;
        device = value;
        value = digits = 0;
      } else {
        const digit = hexDigit(byte);
        if (digit < 0 || ++digits > 8) return false;
        value = value * 16 + digit;
      }
    }
    if (digits === 0 || colons === 0) return false;
    if (device < 0) return colons === 1;
    if (bus > 0xff || device > 31 || value > 7) return false;
    this.rid = (bus << 8) | (device << 3) | value;
    return true;
  }
}
