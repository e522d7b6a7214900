/** One conversion of a printf format: `%-08.3lx`. */
export interface Conversion {
  readonly kind: 'conversion';
  readonly flags: string;
  /** A number, or `*` for the next argument. */
  readonly width: number | '*' | null;
  readonly precision: number | '*' | null;
  /** `hh`, `h`, `l`, `ll`, `z` and so on. */
  readonly length: string;
  readonly type: string;
  /** Letters after `%p` that say how the kernel prints the pointer: `S`, `I4`, `M`. */
  readonly pointer: string;
}

export type Piece = string | Conversion;

const POINTER =
  /^(?:[sSfFB]R?b?|I4[hnbl]?|i4|[Ii]6c?|IS[pfshc]*|iS[pfsc]*|M[RF]?|mR?|U[bBlL]?|4cc|h[CDN]?|[Vv]|d\d?|D\d?|[eEKgxoOrR]|a[dp]?|b[l]?|t[Rd]?)/;

/** Cuts a printf format into text and conversions. */
export function parsePrintf(format: string): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let at = 0;
  while (at < format.length) {
    if (format[at] !== '%') {
      text += format[at++];
      continue;
    }
    if (format[at + 1] === '%') {
      text += '%';
      at += 2;
      continue;
    }
    const match = /^%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?(hh|h|ll|l|L|q|z|Z|t|j)?([a-zA-Z])/.exec(
      format.slice(at, at + 64),
    );
    if (!match) {
      text += format[at++];
      continue;
    }
    if (text) pieces.push(text);
    text = '';
    at += match[0].length;
    let pointer = '';
    if (match[5] === 'p') {
      pointer = POINTER.exec(format.slice(at, at + 8))?.[0] ?? '';
      at += pointer.length;
    }
    pieces.push({
      kind: 'conversion',
      flags: match[1],
      width: sizeOf(match[2]),
      precision: match[3] === undefined ? null : (sizeOf(match[3]) ?? 0),
      length: match[4] ?? '',
      type: match[5],
      pointer,
    });
  }
  if (text) pieces.push(text);
  return pieces;
}

function sizeOf(text: string | undefined): number | '*' | null {
  if (text === undefined || text === '') return null;
  return text === '*' ? '*' : Math.min(Number(text), 4096);
}

/** Bits of the integer that a conversion takes. */
export function bitsOf({ length, type }: Conversion, longSize: number): number {
  if (type === 'p') return longSize * 8;
  switch (length) {
    case 'hh':
      return 8;
    case 'h':
      return 16;
    case '':
      return 32;
    case 'l':
    case 'z':
    case 'Z':
    case 't':
      return longSize * 8;
    default:
      return 64;
  }
}

/** An integer as the conversion prints it, with sign, prefix, zeros and width. */
export function formatInteger(
  conversion: Conversion,
  value: bigint,
  longSize: number,
  width: number | null,
  precision: number | null,
): string {
  const { flags, type } = conversion;
  const bits = bitsOf(conversion, longSize);
  let sign = '';
  let digits: string;
  if (type === 'c') return pad(String.fromCharCode(Number(value & 0xffn)), width, flags.includes('-'));
  if (type === 'd' || type === 'i') {
    const signed = BigInt.asIntN(bits, value);
    sign = signed < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
    digits = String(signed < 0n ? -signed : signed);
  } else {
    const unsigned = BigInt.asUintN(bits, value);
    digits = unsigned.toString(type === 'x' || type === 'X' || type === 'p' ? 16 : type === 'o' ? 8 : 10);
    if (flags.includes('#') && unsigned !== 0n) sign = type === 'o' ? '0' : type === 'u' ? '' : '0x';
    if (type === 'X') {
      digits = digits.toUpperCase();
      sign = sign.toUpperCase();
    }
  }
  if (precision !== null) digits = digits.padStart(precision, '0');
  else if (flags.includes('0') && !flags.includes('-') && width !== null) {
    digits = digits.padStart(width - sign.length, '0');
  }
  return pad(sign + digits, width, flags.includes('-'));
}

/** Text cut to the precision and padded to the width. */
export function formatText(
  conversion: Conversion,
  value: string,
  width: number | null,
  precision: number | null,
): string {
  const text = precision === null ? value : value.slice(0, precision);
  return pad(text, width, conversion.flags.includes('-'));
}

function pad(text: string, width: number | null, left: boolean): string {
  if (width === null) return text;
  return left || width < 0 ? text.padEnd(Math.abs(width)) : text.padStart(width);
}
