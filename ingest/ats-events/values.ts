import { ERRORS, type FieldType, REGISTER_NAMES, TIME_UNITS } from './vocabulary.ts';

/** A value as a reader gives it: of JSON, or the text of a column. */
export type RawValue = string | number | boolean | null;

/** A value that is not what its field holds. */
export class ValueError extends Error {
  readonly expected: string;

  constructor(expected: string) {
    super(expected);
    this.expected = expected;
  }
}

const INTEGER = /^[+-]?(?:0x[0-9a-f]+|0b[01]+|\d+)$/i;
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?\s*([a-z]*)$/i;
const ADDRESS = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i;

/** An integer: a JSON number, decimal, hex or binary text. Of 64 bits at most. @throws ValueError */
export function integerOf(raw: RawValue): bigint {
  if (typeof raw === 'number' && Number.isSafeInteger(raw)) return BigInt(raw);
  if (typeof raw === 'boolean') return raw ? 1n : 0n;
  if (Number.isInteger(raw))
    throw new ValueError('an integer below 2^53, or in quotes, which keep all its digits');
  const text = typeof raw === 'string' ? raw.trim() : '';
  if (!INTEGER.test(text)) throw new ValueError('an integer, e.g. 12 or "0x8000"');
  const negative = text.startsWith('-');
  const value = BigInt(text.replace(/^[+-]/, ''));
  const signed = negative ? -value : value;
  if (signed < -(1n << 63n) || signed >= 1n << 64n) throw new ValueError('an integer of 64 bits');
  return signed;
}

/** True or false, 1 or 0, on or off. @throws ValueError */
export function boolOf(raw: RawValue): boolean {
  const text = String(raw).trim().toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(text)) return true;
  if (['false', '0', 'no', 'off'].includes(text)) return false;
  throw new ValueError('true or false');
}

/** 0, a negative error number or its name; true and false for a question. @throws ValueError */
export function resultOf(raw: RawValue): bigint {
  if (typeof raw === 'boolean') return raw ? 1n : 0n;
  const text = String(raw).trim();
  const name = /^-?(E[A-Z0-9]+)$/.exec(text)?.[1];
  if (name && ERRORS[name] !== undefined) return BigInt(ERRORS[name]);
  if (/^true$/i.test(text)) return 1n;
  if (/^false$/i.test(text)) return 0n;
  try {
    return integerOf(raw);
  } catch {
    throw new ValueError('0, a negative error number or its name, e.g. "-EINVAL"');
  }
}

/** `dddd:bb:dd.f`. @throws ValueError */
export function addressOf(raw: RawValue): string {
  const text = String(raw).trim();
  const match = ADDRESS.exec(text);
  if (match) return `${match[1] ?? '0000'}:${match[2]}:${match[3]}.${match[4]}`.toLowerCase();
  if (/^0x[0-9a-f]{1,4}$/i.test(text) || (typeof raw === 'number' && raw >= 0 && raw <= 0xffff)) {
    const rid = Number(integerOf(raw));
    const hex = (value: number) => value.toString(16).padStart(2, '0');
    return `0000:${hex(rid >> 8)}:${hex((rid >> 3) & 31)}.${rid & 7}`;
  }
  throw new ValueError('the address of a PCI function, e.g. "0000:01:00.1", or a routing id, e.g. "0x0101"');
}

/**
 * A time in ns; parts of a nanosecond are cut off. A text may end with its own unit.
 * @param unit name of the unit of a bare number, or null.
 * @throws ValueError
 */
export function timeOf(raw: RawValue, unit: string | null): bigint {
  // JSON numbers are doubles.
  if (Number.isInteger(raw) && !Number.isSafeInteger(raw))
    throw new ValueError('a time below 2^53, or in quotes, which keep all its digits');
  const match = DECIMAL.exec(
    typeof raw === 'number' ? String(raw) : typeof raw === 'string' ? raw.trim() : '',
  );
  if (!match) throw new ValueError('a time, e.g. 1200, "1200.5" or "1.2 us"');
  const [, sign, whole, fraction = '', exponent = '0', own] = match;
  const scale = TIME_UNITS[(own || unit) ?? ''];
  if (scale === undefined) {
    throw new ValueError(
      own
        ? `a time whose unit is one of ${Object.keys(TIME_UNITS).join(', ')}`
        : 'a unit: "time_unit" in the header, or behind the number',
    );
  }
  const digits = BigInt(whole + fraction) * scale;
  const shift = Number(exponent) - fraction.length;
  const femto = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  const ns = femto / 1_000_000n;
  if (ns >= 1n << 63n) throw new ValueError('a time of less than 292 years');
  return sign === '-' ? -ns : ns;
}

/** Checks a value and gives it as columns hold it. @throws ValueError */
export function fieldValue(type: FieldType, raw: RawValue): bigint | string {
  switch (type) {
    case 'integer':
      return integerOf(raw);
    case 'bool':
      return boolOf(raw) ? 1n : 0n;
    case 'result':
      return resultOf(raw);
    case 'address':
      return addressOf(raw);
    case 'register': {
      const name = String(raw).trim().toLowerCase();
      if ((REGISTER_NAMES as readonly string[]).includes(name)) return name;
      throw new ValueError(`one of ${REGISTER_NAMES.join(', ')}`);
    }
    default:
      return String(raw);
  }
}
