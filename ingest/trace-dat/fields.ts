import type { EventTableBuilder } from '../event-table.ts';
import type { FieldBuilder } from '../field-builder.ts';
import type { Block } from './block.ts';
import type { EventFormat, Field } from './event-format.ts';

/** Reads one field of the record whose payload is at `start` and writes it to the row. */
export type FieldStore = (block: Block, start: number, length: number, row: number) => void;

/** Longest array that is written out. */
const MAX_ELEMENTS = 1024;
const encoder = new TextEncoder();

/**
 * Makes the decoders of an event once, from offset, size and kind of its fields. Numbers keep all 64 bits, text ends
 * before its NUL, arrays read `{0x1,0x2}` as the kernel prints them. A field that reaches beyond the record stays NULL.
 * @param hex names of the fields that the event's print format shows in hexadecimal.
 */
export function compileFields(
  format: EventFormat,
  table: EventTableBuilder,
  bigEndian: boolean,
  hex: ReadonlySet<string>,
): FieldStore[] {
  return format.fields
    .filter((field) => !field.name.startsWith('__probe_'))
    .map((field) => {
      const to = table.field(field.name);
      if (field.kind !== 'number') to.expect('dict');
      return compileField(field, to, bigEndian, hex.has(field.name));
    });
}

function compileField(field: Field, to: FieldBuilder, bigEndian: boolean, hex: boolean): FieldStore {
  const little = !bigEndian;
  const { offset, size, elementSize, isText } = field;
  switch (field.kind) {
    case 'number':
      return compileNumber(field, to, little, hex);
    case 'text':
      return ({ bytes }, start, length, row) => {
        if (offset + size > length) return;
        const from = start + offset;
        to.setBytes(row, bytes, from, textEnd(bytes, from, from + size));
      };
    case 'data-loc':
    case 'rel-loc': {
      const base = field.kind === 'rel-loc' ? offset + 4 : 0;
      return (block, start, length, row) => {
        if (offset + 4 > length) return;
        const word = block.view.getUint32(start + offset, little);
        const from = base + (word & 0xffff);
        const to_ = from + (word >>> 16);
        if (to_ <= length) store(block, start + from, start + to_, row);
      };
    }
    case 'rest':
      return (block, start, length, row) => {
        if (offset <= length) store(block, start + offset, start + length, row);
      };
    case 'array':
    case 'bytes':
      return (block, start, length, row) => {
        if (offset + size <= length) store(block, start + offset, start + offset + size, row);
      };
  }

  function store(block: Block, from: number, end: number, row: number): void {
    const { bytes } = block;
    if (isText) {
      to.setBytes(row, bytes, from, textEnd(bytes, from, end));
      return;
    }
    const written = writeArray(block.view, from, end, elementSize || 1, field.signed && !hex, little);
    to.setBytes(row, scratch, 0, written);
  }
}

function compileNumber(field: Field, to: FieldBuilder, little: boolean, hex: boolean): FieldStore {
  const { offset, size, signed } = field;
  const end = offset + size;
  switch (size) {
    case 1:
      return ({ bytes }, start, length, row) => {
        if (end > length) return;
        const value = bytes[start + offset];
        const wide = signed ? (value << 24) >> 24 : value;
        to.setPair(row, wide, wide >> 31, hex);
      };
    case 2:
      return ({ view }, start, length, row) => {
        if (end > length) return;
        const value = signed ? view.getInt16(start + offset, little) : view.getUint16(start + offset, little);
        to.setPair(row, value, value >> 31, hex);
      };
    case 4:
      return ({ view }, start, length, row) => {
        if (end > length) return;
        const value = view.getInt32(start + offset, little);
        to.setPair(row, value, signed ? value >> 31 : 0, hex);
      };
    default: {
      const lowAt = little ? offset : offset + 4;
      const highAt = little ? offset + 4 : offset;
      return ({ view }, start, length, row) => {
        if (end > length) return;
        const hi = view.getUint32(start + highAt, little);
        // An unsigned number with its top bit set must not come out as a negative one.
        to.setPair(row, view.getUint32(start + lowAt, little), hi, hex || (!signed && hi >>> 31 === 1));
      };
    }
  }
}

function textEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) if (bytes[at] === 0) return at;
  return end;
}

/** Room for the longest array that is written out. */
const scratch = new Uint8Array(MAX_ELEMENTS * 22 + 16);
const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef');

/** Writes `{0x1,0x2}` into the scratch bytes, signed elements in decimal; returns the length. */
function writeArray(
  view: DataView,
  from: number,
  end: number,
  elementSize: number,
  signed: boolean,
  little: boolean,
): number {
  const size = elementSize === 2 || elementSize === 4 || elementSize === 8 ? elementSize : 1;
  const last = Math.min(end, from + MAX_ELEMENTS * size);
  let to = 0;
  scratch[to++] = 123;
  for (let at = from; at + size <= last; at += size) {
    if (at > from) scratch[to++] = 44;
    if (signed) {
      to += encoder.encodeInto(String(signedAt(view, at, size, little)), scratch.subarray(to)).written;
      continue;
    }
    scratch[to++] = 48;
    scratch[to++] = 120;
    let hi = 0;
    let lo: number;
    if (size === 8) {
      hi = view.getUint32(little ? at + 4 : at, little);
      lo = view.getUint32(little ? at : at + 4, little);
    } else
      lo =
        size === 4 ? view.getUint32(at, little) : size === 2 ? view.getUint16(at, little) : view.getUint8(at);
    let digits = hi > 0 ? 16 - (Math.clz32(hi) >> 2) : Math.max(1, 8 - (Math.clz32(lo) >> 2));
    while (digits-- > 0) {
      const word = digits >= 8 ? hi : lo;
      scratch[to++] = HEX_DIGITS[(word >>> ((digits & 7) * 4)) & 15];
    }
  }
  if (last < end) to += encoder.encodeInto(',...', scratch.subarray(to)).written;
  scratch[to++] = 125;
  return to;
}

function signedAt(view: DataView, at: number, size: number, little: boolean): number | bigint {
  if (size === 1) return view.getInt8(at);
  if (size === 2) return view.getInt16(at, little);
  return size === 4 ? view.getInt32(at, little) : view.getBigInt64(at, little);
}
