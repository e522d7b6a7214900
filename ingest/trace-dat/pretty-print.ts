import { Evaluator, type Region, type Value } from './evaluate.ts';
import type { EventFormat } from './event-format.ts';
import { type Expression, NotUnderstood, parsePrintFormat } from './expression.ts';
import { type Conversion, formatInteger, formatText, type Piece, parsePrintf } from './printf.ts';
import type { RecordView } from './record.ts';
import { addressText, type Symbols } from './symbols.ts';

/** What printing needs besides the record. */
export interface PrintContext {
  readonly longSize: number;
  readonly bigEndian: boolean;
  readonly symbols: Symbols;
  readonly printkFormats: ReadonlyMap<bigint, string>;
}

/** Prints the records of one event by its print format. */
export class EventPrinter {
  private readonly format: EventFormat;
  private readonly context: PrintContext;
  private readonly evaluator: Evaluator;
  private readonly pieces: readonly Piece[] | null;
  private readonly args: readonly Expression[];

  constructor(format: EventFormat, context: PrintContext) {
    this.format = format;
    this.context = context;
    this.evaluator = new Evaluator(format, context.longSize, context.symbols);
    const parsed = parsePrintFormat(format.printFormat);
    this.pieces = parsed ? parsePrintf(parsed.format) : null;
    this.args = parsed?.args ?? [];
  }

  /** A format that cannot be understood gives the fields as `name=value`, like trace-cmd. */
  print(record: RecordView): string {
    if (this.pieces) {
      try {
        return this.pretty(this.pieces, record);
      } catch (error) {
        if (!(error instanceof NotUnderstood)) throw error;
      }
    }
    return `[FAILED TO PARSE] ${this.format.fields.map((field) => this.plainField(field, record)).join(' ')}`;
  }

  private plainField(field: EventFormat['fields'][number], record: RecordView): string {
    const value = this.evaluator.value({ kind: 'field', name: field.name }, record);
    if (typeof value === 'object') {
      if (value.isText) return `${field.name}=${record.text(value.at, value.size)}`;
      const bytes = [...record.bytes(value.at, Math.min(value.size, 4096))];
      return `${field.name}=ARRAY[${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(', ')}]`;
    }
    const isAddress = field.type.includes('*') || (!field.signed && /\blong\b/.test(field.type));
    return `${field.name}=${isAddress && typeof value === 'bigint' ? `0x${value.toString(16)}` : value}`;
  }

  private pretty(pieces: readonly Piece[], record: RecordView): string {
    let text = '';
    let at = 0;
    const next = (): Expression => {
      const arg = this.args[at++];
      if (!arg) throw new NotUnderstood('fewer arguments than conversions');
      return arg;
    };
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        text += piece;
        continue;
      }
      const width = piece.width === '*' ? Number(this.evaluator.number(next(), record)) : piece.width;
      const precision =
        piece.precision === '*' ? Number(this.evaluator.number(next(), record)) : piece.precision;
      const arg = next();
      text += printValue(piece, this.evaluator.value(arg, record), width, precision, record, this.context);
    }
    return text;
  }
}

/** One value by its conversion, as libtraceevent prints it. */
export function printValue(
  conversion: Conversion,
  value: Value,
  width: number | null,
  precision: number | null,
  record: RecordView | null,
  context: PrintContext,
): string {
  const { type } = conversion;
  const safeWidth = width === null ? null : Math.max(-4096, Math.min(4096, width));
  if (type === 's') return formatText(conversion, textOf(value, record, context), safeWidth, precision);
  if (type === 'p') {
    if (typeof value === 'string') return value;
    return printPointer(conversion, value, safeWidth, precision, record, context);
  }
  if (typeof value === 'string') return formatText(conversion, value, safeWidth, precision);
  const number =
    typeof value === 'bigint'
      ? value
      : (record?.integer(value.at, value.elementSize || 1, value.signed) ?? 0n);
  return formatInteger(conversion, number, context.longSize, safeWidth, precision);
}

function textOf(value: Value, record: RecordView | null, context: PrintContext): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object') return record?.text(value.at, value.size) ?? '';
  // A pointer to a constant string of the kernel.
  return context.printkFormats.get(BigInt.asUintN(64, value)) ?? BigInt.asUintN(64, value).toString(16);
}

function printPointer(
  conversion: Conversion,
  value: bigint | Region,
  width: number | null,
  precision: number | null,
  record: RecordView | null,
  context: PrintContext,
): string {
  const { pointer } = conversion;
  const kind = pointer[0] ?? '';
  if (typeof value === 'bigint') {
    const address = BigInt.asUintN(context.longSize * 8, value);
    const lo = Number(address & 0xffffffffn);
    const hi = Number(address >> 32n);
    if (kind === 's' || kind === 'S' || kind === 'f' || kind === 'F' || kind === 'B') {
      const location = context.symbols.at(lo, hi);
      if (!location) return `0x${addressText(lo, hi)}`;
      return kind === 's' || kind === 'f'
        ? location.name
        : `${location.name}+0x${location.offset.toString(16)}`;
    }
    // The C library's form of a null pointer.
    return formatText(conversion, address === 0n ? '(nil)' : `0x${address.toString(16)}`, width, null);
  }
  const bytes = record?.bytes(
    value.at,
    kind === 'h' && width !== null ? Math.min(value.size, Math.abs(width)) : value.size,
  );
  if (!bytes) return '';
  switch (kind) {
    case 'I':
    case 'i':
      return addressOf(pointer, bytes);
    case 'M':
    case 'm':
      return hexBytes(
        bytes.subarray(0, 6),
        kind === 'm' ? '' : pointer[1] === 'F' ? '-' : ':',
        pointer.endsWith('R'),
      );
    case 'U':
      return uuidOf(
        bytes,
        pointer[1] === 'l' || pointer[1] === 'L',
        pointer[1] === 'B' || pointer[1] === 'L',
      );
    case 'h':
      return hexBytes(
        bytes,
        pointer[1] === 'C' ? ':' : pointer[1] === 'D' ? '-' : pointer[1] === 'N' ? '' : ' ',
        false,
      );
    case '4':
      return fourCharacters(bytes, context.bigEndian);
    default: {
      const address = record?.integer(value.at, value.elementSize || 1, false) ?? 0n;
      return formatText(conversion, `0x${address.toString(16)}`, width, precision);
    }
  }
}

function hexBytes(bytes: Uint8Array, separator: string, reversed: boolean): string {
  const parts = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  return (reversed ? parts.reverse() : parts).join(separator);
}

function uuidOf(bytes: Uint8Array, little: boolean, upper: boolean): string {
  const order = little ? [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] : [...Array(16).keys()];
  const text = order.map((i) => (bytes[i] ?? 0).toString(16).padStart(2, '0')).join('');
  const dashed = text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return upper ? dashed.toUpperCase() : dashed;
}

function fourCharacters(bytes: Uint8Array, bigEndian: boolean): string {
  const order = bigEndian ? [3, 2, 1, 0] : [0, 1, 2, 3];
  const code = order.map((i) => String.fromCharCode(bytes[i] ?? 0)).join('');
  return `${code.replace(/[^ -~]/g, '.')} little-endian (0x${hexBytes(bytes.subarray(0, 4), '', !bigEndian)})`;
}

/** `%pI4`, `%pI6`, `%pI6c` and the socket address forms `%pIS`, `%pISp`. */
function addressOf(pointer: string, bytes: Uint8Array): string {
  if (pointer[1] === '4') return [...bytes.subarray(0, 4)].join('.');
  if (pointer[1] === '6')
    return pointer.includes('c') ? compressIpv6(bytes) : hexPairs(bytes, pointer[0] === 'I');
  const port = pointer.includes('p') ? `:${((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)}` : '';
  // sa_family: 2 = AF_INET, 10 = AF_INET6, in either byte order.
  const family = (bytes[0] ?? 0) | (bytes[1] ?? 0);
  if (family === 2) return `${[...bytes.subarray(4, 8)].join('.')}${port}`;
  if (family === 10) {
    const text = pointer.includes('c')
      ? compressIpv6(bytes.subarray(8, 24))
      : hexPairs(bytes.subarray(8, 24), true);
    return port ? `[${text}]${port}` : text;
  }
  return `INVALID family ${family}`;
}

function hexPairs(bytes: Uint8Array, colons: boolean): string {
  const parts = [];
  for (let i = 0; i < 16; i += 2)
    parts.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16).padStart(4, '0'));
  return parts.join(colons ? ':' : '');
}

function compressIpv6(bytes: Uint8Array): string {
  const words = hexPairs(bytes, true)
    .split(':')
    .map((word) => word.replace(/^0{1,3}/, ''));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (words[at + length] === '0') length++;
    if (length > best.length) best = { at, length };
  }
  if (best.at < 0) return words.join(':');
  return `${words.slice(0, best.at).join(':')}::${words.slice(best.at + best.length).join(':')}`;
}
