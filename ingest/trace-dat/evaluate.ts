import type { EventFormat, Field } from './event-format.ts';
import { sizeOfType } from './event-format.ts';
import { type Expression, NotUnderstood } from './expression.ts';
import type { RecordView } from './record.ts';
import type { Symbols } from './symbols.ts';

/** Bytes of the record that an expression points at. */
export interface Region {
  readonly kind: 'region';
  /** From the start of the record, in bytes. */
  readonly at: number;
  readonly size: number;
  readonly elementSize: number;
  readonly signed: boolean;
  readonly isText: boolean;
}

export type Value = bigint | string | Region;

interface Pair {
  readonly value: bigint;
  readonly text: string;
}

/** Longest list that a helper writes out. */
const MAX_ITEMS = 4096;

/** Values of the expressions of a print format, for one record at a time. */
export class Evaluator {
  private readonly format: EventFormat;
  private readonly longSize: number;
  private readonly symbols: Symbols;
  private readonly fields = new Map<string, Field>();
  private readonly lists = new Map<readonly Expression[], readonly Pair[]>();

  constructor(format: EventFormat, longSize: number, symbols: Symbols) {
    this.format = format;
    this.longSize = longSize;
    this.symbols = symbols;
    for (const field of [...this.format.common, ...format.fields]) this.fields.set(field.name, field);
  }

  /** @throws NotUnderstood for what no rule covers. */
  value(expression: Expression, record: RecordView): Value {
    switch (expression.kind) {
      case 'number':
      case 'string':
        return expression.value;
      case 'field':
        return this.fieldValue(expression.name, record);
      case 'name': {
        // A variable of the kernel stands for its address.
        const address = this.symbols.addressOf(expression.name);
        if (address === null) throw new NotUnderstood(`the name ${expression.name}`);
        return address;
      }
      case 'sizeof':
        return BigInt(sizeOfType(expression.type, this.longSize));
      case 'cast':
        return this.cast(expression.type, this.value(expression.of, record));
      case 'choice':
        return this.value(
          this.number(expression.test, record) !== 0n ? expression.yes : expression.no,
          record,
        );
      case 'unary':
        return this.unary(expression.op, expression.of, record);
      case 'binary':
        return this.binary(expression.op, expression.left, expression.right, record);
      case 'index':
        return this.index(expression.of, expression.at, record);
      case 'call':
        return this.call(expression.name, expression.args, record);
      case 'list':
        throw new NotUnderstood('a list');
    }
  }

  number(expression: Expression, record: RecordView): bigint {
    const value = this.value(expression, record);
    if (typeof value === 'bigint') return value;
    if (typeof value === 'string') return value === '' ? 0n : 1n;
    return record.integer(value.at, value.elementSize || 1, value.signed);
  }

  private fieldValue(name: string, record: RecordView): Value {
    const field = this.fields.get(name);
    if (!field) throw new NotUnderstood(`the field ${name}`);
    if (field.kind === 'number') return record.integer(field.offset, field.size, field.signed);
    return this.region(field, record);
  }

  private region(field: Field, record: RecordView): Region {
    const { elementSize, signed, isText } = field;
    if (field.kind === 'data-loc' || field.kind === 'rel-loc') {
      const word = Number(record.integer(field.offset, 4, false));
      const at = (word & 0xffff) + (field.kind === 'rel-loc' ? field.offset + 4 : 0);
      return { kind: 'region', at, size: word >>> 16, elementSize, signed, isText };
    }
    const size = field.kind === 'rest' ? Math.max(0, record.length - field.offset) : field.size;
    return { kind: 'region', at: field.offset, size, elementSize, signed, isText };
  }

  private cast(type: string, value: Value): Value {
    const size = sizeOfType(type.replace(/\*.*$/, ''), this.longSize);
    if (typeof value === 'string') return value;
    if (typeof value === 'object') {
      return type.includes('*') && size > 0
        ? { ...value, elementSize: size, signed: !/\bu|unsigned/.test(type) }
        : value;
    }
    if (type.includes('*') || size === 0 || size === 8) return value;
    return /unsigned|\b_*u\d|bool/.test(type)
      ? BigInt.asUintN(size * 8, value)
      : BigInt.asIntN(size * 8, value);
  }

  private unary(op: string, of: Expression, record: RecordView): Value {
    if (op === '&' || op === '*') {
      const value = this.value(of, record);
      if (op === '&' || typeof value !== 'object') return value;
      return record.integer(value.at, value.elementSize || 1, value.signed);
    }
    const value = this.number(of, record);
    switch (op) {
      case '!':
        return value === 0n ? 1n : 0n;
      case '~':
        return ~value;
      case '-':
        return -value;
      default:
        return value;
    }
  }

  private binary(op: string, left: Expression, right: Expression, record: RecordView): Value {
    if (op === '&&') return this.number(left, record) !== 0n && this.number(right, record) !== 0n ? 1n : 0n;
    if (op === '||') return this.number(left, record) !== 0n || this.number(right, record) !== 0n ? 1n : 0n;
    const base = this.value(left, record);
    const b = this.number(right, record);
    if (typeof base === 'object' && (op === '+' || op === '-')) {
      const step = Number(b) * (base.elementSize || 1) * (op === '-' ? -1 : 1);
      return { ...base, at: base.at + step, size: Math.max(0, base.size - step) };
    }
    return BigInt.asIntN(64, arithmetic(op, this.number(left, record), b));
  }

  private index(of: Expression, at: Expression, record: RecordView): Value {
    const base = this.value(of, record);
    const index = Number(this.number(at, record));
    if (typeof base !== 'object') throw new NotUnderstood('an index into something that is no array');
    const size = base.elementSize || 1;
    return record.integer(base.at + index * size, size, base.signed);
  }

  private call(name: string, args: readonly Expression[], record: RecordView): Value {
    switch (name) {
      case '__get_str':
      case '__get_rel_str': {
        const region = this.argument(args[0], record);
        return record.text(region.at, region.size);
      }
      case '__get_dynamic_array':
      case '__get_rel_dynamic_array':
      case '__get_sockaddr':
      case '__get_rel_sockaddr':
        return this.argument(args[0], record);
      case '__get_dynamic_array_len':
      case '__get_rel_dynamic_array_len':
        return BigInt(this.argument(args[0], record).size);
      case '__get_bitmask':
      case '__get_rel_bitmask':
        return record.bitmask(this.argument(args[0], record));
      case '__get_cpumask':
      case '__get_rel_cpumask':
        return record.cpuList(this.argument(args[0], record));
      case '__print_flags':
      case '__print_flags_u64':
        return this.flags(args, record);
      case '__print_symbolic':
      case '__print_symbolic_u64':
        return this.symbolic(args, record);
      case '__print_hex':
      case '__print_hex_str':
        return this.hex(args, record, name === '__print_hex' ? ' ' : '');
      case '__print_array':
        return this.array(args, record);
      case '__print_ns_to_secs':
        return this.number(args[0], record) / 1_000_000_000n;
      case '__print_ns_without_secs':
        return this.number(args[0], record) % 1_000_000_000n;
      case '__builtin_expect':
      case 'be32_to_cpu':
      case 'le32_to_cpu':
        return this.value(args[0], record);
      default:
        throw new NotUnderstood(`the function ${name}`);
    }
  }

  /** The dynamic array that a helper names: a bare field name. */
  private argument(arg: Expression | undefined, record: RecordView): Region {
    const name = arg?.kind === 'name' || arg?.kind === 'field' ? arg.name : '';
    const field = this.fields.get(name);
    if (field) return this.region(field, record);
    throw new NotUnderstood(`the field ${name}`);
  }

  /** The entries of a list of names; they are constants, so each list is worked out once. */
  private pairs(args: readonly Expression[], from: number, record: RecordView): readonly Pair[] {
    const known = this.lists.get(args);
    if (known) return known;
    const pairs: Pair[] = [];
    this.lists.set(args, pairs);
    for (const item of args.slice(from, from + MAX_ITEMS)) {
      if (item.kind !== 'list' || item.items.length < 2 || item.items[1].kind !== 'string') continue;
      try {
        pairs.push({ value: this.number(item.items[0], record), text: item.items[1].value });
      } catch (error) {
        // An enum that the kernel did not resolve: the other entries still serve.
        if (!(error instanceof NotUnderstood)) throw error;
      }
    }
    return pairs;
  }

  private flags(args: readonly Expression[], record: RecordView): string {
    const delimiter = args[1]?.kind === 'string' ? args[1].value : '|';
    let left = BigInt.asUintN(64, this.number(args[0], record));
    const names: string[] = [];
    for (const { value, text } of this.pairs(args, 2, record)) {
      const bits = BigInt.asUintN(64, value);
      if (bits === 0n || (left & bits) !== bits) continue;
      names.push(text);
      left &= ~bits;
    }
    if (left !== 0n) names.push(`0x${left.toString(16)}`);
    return names.join(delimiter);
  }

  private symbolic(args: readonly Expression[], record: RecordView): string {
    const value = this.number(args[0], record);
    const found = this.pairs(args, 1, record).find((pair) => pair.value === value);
    return found ? found.text : `0x${BigInt.asUintN(64, value).toString(16)}`;
  }

  private hex(args: readonly Expression[], record: RecordView, separator: string): string {
    const region = this.value(args[0], record);
    const length = Number(this.number(args[1], record));
    if (typeof region !== 'object') throw new NotUnderstood('a memory dump of something that is no array');
    const parts = [];
    for (let i = 0; i < Math.min(length, MAX_ITEMS); i++) {
      parts.push(
        record
          .integer(region.at + i, 1, false)
          .toString(16)
          .padStart(2, '0'),
      );
    }
    return parts.join(separator);
  }

  private array(args: readonly Expression[], record: RecordView): string {
    const region = this.value(args[0], record);
    const count = Number(this.number(args[1], record));
    const size = Number(this.number(args[2], record));
    if (typeof region !== 'object') throw new NotUnderstood('an array of something that is no array');
    const parts = [];
    for (let i = 0; i < Math.min(count, MAX_ITEMS); i++) {
      parts.push(`0x${record.integer(region.at + i * size, size, false).toString(16)}`);
    }
    return `{${parts.join(',')}}`;
  }
}

function arithmetic(op: string, a: bigint, b: bigint): bigint {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? 0n : a / b;
    case '%':
      return b === 0n ? 0n : a % b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
      return a << (b & 63n);
    case '>>':
      return a >> (b & 63n);
    case '==':
      return a === b ? 1n : 0n;
    case '!=':
      return a !== b ? 1n : 0n;
    case '<':
      return a < b ? 1n : 0n;
    case '>':
      return a > b ? 1n : 0n;
    case '<=':
      return a <= b ? 1n : 0n;
    case '>=':
      return a >= b ? 1n : 0n;
    default:
      throw new NotUnderstood(`the operator ${op}`);
  }
}
