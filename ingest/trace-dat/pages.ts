/**
 * Walks sub-buffers of the kernel's ring buffer (include/linux/ring_buffer.h, kernel/trace/ring_buffer.c). A sub-buffer
 * is a 64-bit time, a long `commit` and records:
 *
 *     commit    bits 0-26 bytes of records, bit 31 events were lost before it, bit 30 their count follows the records
 *     record    32 bits: 5 of type_len, 27 of time delta; the low 5 in little, the top 5 in big endian
 *       1..28   type_len * 4 bytes of payload
 *       0       the next 32 bits are the length, themselves included
 *       29      padding of the length in the next 32 bits; with delta 0 it fills the rest
 *       30      time extend: the next 32 bits are delta bits 27 and up
 *       31      time stamp: the same bits are a time; its top 5 bits are those of the running time
 */

const COMMIT_MASK = 0x7ffffff;
const LOST = 0x80000000;
const LOST_STORED = 0x40000000;

const TYPE_DATA_MAX = 28;
const TYPE_PADDING = 29;
const TYPE_EXTEND = 30;

/** The events of one sub-buffer, as columns that the next walk overwrites. */
export class PageEvents {
  count = 0;
  timeLo: Uint32Array;
  timeHi: Uint32Array;
  /** Start of the record's header, from the start of the view, in bytes. */
  start: Uint32Array;
  /** Start and length of the payload. */
  payload: Uint32Array;
  length: Uint32Array;
  /** `common_type` of the payload. */
  type: Uint16Array;
  /** Events lost before the first one: 0 none, -1 an unknown number. */
  lost = 0;
  /** True when the page breaks off: what was read before stands. */
  damaged = false;
  /** Times never go down within the page. */
  ordered = true;
  /** Time that the page itself begins with. */
  baseLo = 0;
  baseHi = 0;

  constructor(pageSize: number) {
    // The smallest event is a header and four bytes.
    const capacity = (pageSize >> 3) + 1;
    this.timeLo = new Uint32Array(capacity);
    this.timeHi = new Uint32Array(capacity);
    this.start = new Uint32Array(capacity);
    this.payload = new Uint32Array(capacity);
    this.length = new Uint32Array(capacity);
    this.type = new Uint16Array(capacity);
  }
}

/** How the pages of a file are laid out. */
export interface PageShape {
  readonly bigEndian: boolean;
  /** Bytes of a `long` of the recorded kernel, 4 or 8. */
  readonly longSize: number;
  /** Where the formats say `common_type` stands in an event. */
  readonly typeOffset: number;
}

/**
 * Reads the sub-buffer of `size` bytes at `offset` of `view`. Never throws: a page that makes no sense is marked as
 * damaged and keeps the events before the damage.
 */
export function walkPage(
  view: DataView,
  offset: number,
  size: number,
  { bigEndian, longSize, typeOffset }: PageShape,
  out: PageEvents,
): void {
  const little = !bigEndian;
  const { timeLo, timeHi, start, payload, length, type } = out;
  out.count = 0;
  out.lost = 0;
  out.damaged = false;
  out.ordered = true;
  const headerSize = 8 + longSize;
  if (size < headerSize) {
    out.damaged = true;
    return;
  }
  let lo = view.getUint32(offset + (bigEndian ? 4 : 0), little);
  let hi = view.getUint32(offset + (bigEndian ? 0 : 4), little);
  out.baseLo = lo;
  out.baseHi = hi;
  const commit = view.getUint32(offset + 8 + (bigEndian && longSize === 8 ? 4 : 0), little);
  let used = commit & COMMIT_MASK;
  if (used > size - headerSize) {
    out.damaged = true;
    used = size - headerSize;
  }
  let at = offset + headerSize;
  const end = at + used;
  if (commit & LOST) out.lost = lostCount(view, commit, end, offset + size, bigEndian, longSize);
  let n = 0;
  let lastLo = 0;
  let lastHi = 0;
  while (at + 4 <= end) {
    const word = view.getUint32(at, little);
    const typeLen = little ? word & 31 : word >>> 27;
    const delta = little ? word >>> 5 : word & 0x7ffffff;
    if (typeLen <= TYPE_DATA_MAX) {
      let dataAt = at + 4;
      let dataLength = typeLen << 2;
      if (typeLen === 0) {
        if (at + 8 > end) break;
        dataLength = view.getUint32(dataAt, little) - 4;
        dataAt += 4;
      }
      const next = dataAt + ((dataLength + 3) & ~3);
      // The length is compared before it is rounded: near 2^32 the rounding would wrap around.
      if (dataLength <= 0 || dataLength > end - dataAt || next > end || typeOffset + 2 > dataLength) break;
      lo += delta;
      if (lo > 0xffffffff) {
        lo -= 4294967296;
        hi = (hi + 1) >>> 0;
      }
      if (hi < lastHi || (hi === lastHi && lo < lastLo)) out.ordered = false;
      lastLo = lo;
      lastHi = hi;
      timeLo[n] = lo;
      timeHi[n] = hi;
      start[n] = at;
      payload[n] = dataAt;
      length[n] = dataLength;
      type[n] = view.getUint16(dataAt + typeOffset, little);
      n++;
      at = next;
    } else if (typeLen === TYPE_PADDING) {
      if (delta === 0 || at + 8 > end) {
        at = end;
        break;
      }
      // The length counts what follows the first word. A discarded event keeps its delta.
      const skip = view.getUint32(at + 4, little) + 4;
      lo += delta;
      if (lo > 0xffffffff) {
        lo -= 4294967296;
        hi = (hi + 1) >>> 0;
      }
      at = Math.min(end, at + Math.max(8, (skip + 3) & ~3));
      if (skip > 0x7fffffff) break;
    } else {
      if (at + 8 > end) break;
      const upper = view.getUint32(at + 4, little);
      const addLo = (delta | (upper << 27)) >>> 0;
      const addHi = upper >>> 5;
      if (typeLen === TYPE_EXTEND) {
        lo += addLo;
        hi += addHi;
        if (lo > 0xffffffff) {
          lo -= 4294967296;
          hi++;
        }
        hi >>>= 0;
      } else {
        lo = addLo;
        hi = (addHi | (hi & 0xf8000000)) >>> 0;
      }
      at += 8;
    }
  }
  if (at < end) out.damaged = true;
  out.count = n;
}

function lostCount(
  view: DataView,
  commit: number,
  end: number,
  pageEnd: number,
  bigEndian: boolean,
  longSize: number,
): number {
  if ((commit & LOST_STORED) === 0 || end + longSize > pageEnd) return -1;
  const lo = view.getUint32(end + (bigEndian && longSize === 8 ? 4 : 0), !bigEndian);
  const hi = longSize === 8 ? view.getUint32(end + (bigEndian ? 0 : 4), !bigEndian) : 0;
  const count = hi * 4294967296 + lo;
  return count === 0 || hi >= 0x200000 ? -1 : count;
}
