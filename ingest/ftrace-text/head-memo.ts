import { COLON, DOT, LEFT_BRACKET, LEFT_PAREN, SPACE } from './bytes.ts';
import type { Head } from './head.ts';
import type { NameTable } from './name-table.ts';

const SLOTS = 256;
const NAME_SLOTS = 1024;
/** Longest part of a line, up to the point of its time, that is kept. */
const LONGEST = 128;

/**
 * Remembers how lines were read. Most lines begin like one before, up to the second of their time, and have a name
 * that was seen: then comparing bytes tells what reading them would give. Never says anything else than
 * `parseEventLine` and `NameTable.find` do, and says nothing where it is not sure.
 */
export class HeadMemo {
  /** CPU of the line that `find` knew. */
  cpu = -1;
  /** Whether `find` knew how the line begins, if not its name. */
  private knewHead = false;
  private readonly names: NameTable;
  private readonly kept = new Uint8Array(SLOTS * LONGEST);
  private readonly keptView = new DataView(this.kept.buffer);
  /** Bytes up to and with the point of the time; 0 for an empty slot. */
  private readonly lengths = new Int32Array(SLOTS);
  private readonly decimals = new Int32Array(SLOTS);
  private readonly cpus = new Int32Array(SLOTS);
  private readonly nameIds = new Int32Array(NAME_SLOTS).fill(-1);
  private buffer: Uint8Array | null = null;
  private view: DataView = new DataView(new ArrayBuffer(0));

  constructor(names: NameTable) {
    this.names = names;
  }

  /** Tells in which buffer the lines stand. */
  use(buffer: Uint8Array): void {
    if (this.buffer === buffer) return;
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  /** Id of the name of the event line `[start, end)`, or -1 where it has to be read. */
  find(start: number, end: number): number {
    const { view } = this;
    this.knewHead = false;
    if (end - start < 40 || start + LONGEST * 2 > view.byteLength) return -1;
    const slot = slotOf(view, start);
    const length = this.lengths[slot];
    if (length === 0 || !sameBytes(view, start, this.keptView, slot * LONGEST, length)) return -1;
    const fraction = start + length;
    const decimals = this.decimals[slot];
    const colon = fraction + decimals;
    if (view.getUint8(colon) !== COLON || view.getUint8(colon + 1) !== SPACE) return -1;
    // Six or nine digits: the second word overlaps the first for six, the last digit of nine stands alone.
    if (!fourDigits(view.getInt32(fraction, true))) return -1;
    if (!fourDigits(view.getInt32(decimals === 6 ? fraction + 2 : fraction + 4, true))) return -1;
    if (decimals === 9 && (view.getUint8(fraction + 8) - 48) >>> 0 > 9) return -1;
    this.cpu = this.cpus[slot];
    this.knewHead = true;
    return this.nameAt(colon + 2, end);
  }

  /**
   * Learns from a line that was read after `find` did not know it; `name` is its id in the table, or -1.
   */
  learn(buffer: Uint8Array, start: number, head: Head, name: number): void {
    const { view } = this;
    if (start + LONGEST * 2 > view.byteLength) return;
    if (name >= 0) this.nameIds[nameSlotOf(view, head.nameStart)] = name;
    if (this.knewHead) return;
    let point = head.timeStart;
    while (point < head.timeEnd && buffer[point] !== DOT) point++;
    const length = point + 1 - start;
    const decimals = head.timeEnd - point - 1;
    if (length < 24 || length > LONGEST || (decimals !== 6 && decimals !== 9)) return;
    // Of several brackets another one might be the right one in another line.
    for (let at = start; at < head.commEnd; at++) if (buffer[at] === LEFT_BRACKET) return;
    const slot = slotOf(view, start);
    const from = slot * LONGEST;
    for (let i = 0; i < length; i++) this.kept[from + i] = buffer[start + i];
    this.lengths[slot] = length;
    this.decimals[slot] = decimals;
    this.cpus[slot] = head.cpu;
  }

  private nameAt(start: number, end: number): number {
    const { view, names } = this;
    const first = view.getUint8(start);
    if (first === SPACE || first === LEFT_PAREN) return -1;
    const name = this.nameIds[nameSlotOf(view, start)];
    if (name < 0) return -1;
    const from = names.startOf(name);
    const after = start + names.startOf(name + 1) - from;
    if (after + 1 >= end || view.getUint8(after) !== COLON || view.getUint8(after + 1) !== SPACE) return -1;
    return sameBytes(view, start, names.view, from, after - start) ? name : -1;
  }
}

/** Mixes the parts of a line in which the task, the CPU and the flags stand (`%16s-%-7d [%03d] `, trace-cmd `%16s-%-5d`). */
function slotOf(view: DataView, start: number): number {
  const task =
    Math.imul(view.getInt32(start + 12, true), 0x9e3779b1) ^
    Math.imul(view.getInt32(start + 18, true), 0x85ebca6b);
  const place =
    Math.imul(view.getInt32(start + 24, true), 0xc2b2ae35) ^
    Math.imul(view.getInt32(start + 30, true), 0x27d4eb2f);
  return folded(task ^ place) & (SLOTS - 1);
}

/** Mixes those bytes of a name that tell `mm_page_alloc`, `mm_page_free_batched`, `hrtimer_expire_entry` and `..._exit` apart. */
function nameSlotOf(view: DataView, start: number): number {
  const hash =
    Math.imul(view.getInt32(start, true), 0x9e3779b1) ^
    Math.imul(view.getInt32(start + 7, true), 0x85ebca6b) ^
    Math.imul(view.getInt32(start + 12, true), 0xc2b2ae35) ^
    Math.imul(view.getInt32(start + 16, true), 0x27d4eb2f);
  return folded(hash) & (NAME_SLOTS - 1);
}

/** Lets every byte that was mixed in reach the lowest bits (the end of MurmurHash3). */
function folded(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

function fourDigits(word: number): boolean {
  return (word & 0xf0f0f0f0) === 0x30303030 && ((word + 0x06060606) & 0xf0f0f0f0) === 0x30303030;
}

/** Compares in words; the last one overlaps the one before it. */
function sameBytes(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  if (length < 4) {
    for (let i = 0; i < length; i++) if (a.getUint8(aStart + i) !== b.getUint8(bStart + i)) return false;
    return true;
  }
  const last = length - 4;
  if (a.getInt32(aStart + last, true) !== b.getInt32(bStart + last, true)) return false;
  for (let i = 0; i < last; i += 4) {
    if (a.getInt32(aStart + i, true) !== b.getInt32(bStart + i, true)) return false;
  }
  return true;
}
