import { hexDigit } from '../ascii.ts';
import type { DeclaredEvent } from './declarations.ts';
import { type Integer, parseHex, parseInteger } from './integer.ts';

const SPACE = 32;
const MINUS = 45;
/** Bytes looked at for one line at most; formats with several `%s` have more than one reading. */
const MAX_LOOKED_AT = 1 << 20;

/** What a printed argument turned out to be. */
export interface PrintedValue {
  readonly start: number;
  readonly end: number;
}

type Step =
  | { readonly kind: 'literal'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'decimal' | 'hex' | 'pointer' | 'text' | 'char';
      readonly arg: number;
      readonly width: number;
    };

const CONVERSION = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?(?:hh|h|ll|l|j|z|t|L)?([diuoxXpcsfFeEgG%])/g;

/** Turns a declared printf format around: from the text back to the arguments. */
export class PrintfReader {
  readonly event: DeclaredEvent;
  private readonly steps: readonly Step[];
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly integer: Integer = { lo: 0, hi: 0, hex: false };
  private lookedAt = 0;

  constructor(event: DeclaredEvent) {
    this.event = event;
    this.steps = compile(event.format, event.args.length);
    this.starts = new Int32Array(event.args.length);
    this.ends = new Int32Array(event.args.length);
  }

  /** Finds every argument in `buffer[start, end)`. False where the text does not fit the format. */
  match(buffer: Uint8Array, start: number, end: number): boolean {
    this.starts.fill(-1);
    this.lookedAt = 0;
    return this.step(buffer, start, end, 0);
  }

  /** Where the last match found an argument; null for one that is not printed. */
  textOf(arg: number): PrintedValue | null {
    return this.starts[arg] < 0 ? null : { start: this.starts[arg], end: this.ends[arg] };
  }

  /** The last match's argument as a number; null for one that is none. */
  integerOf(buffer: Uint8Array, arg: number): Integer | null {
    if (this.starts[arg] < 0) return null;
    const kind = this.steps.find((step) => step.kind !== 'literal' && step.arg === arg)?.kind;
    const [start, end] = [this.starts[arg], this.ends[arg]];
    const isHex = (kind === 'hex' || kind === 'pointer') && buffer[start + 1] !== 120;
    const read = isHex
      ? parseHex(buffer, start, end, this.integer)
      : parseInteger(buffer, start, end, this.integer);
    return read && kind !== 'text' && kind !== 'char' ? this.integer : null;
  }

  private step(buffer: Uint8Array, start: number, end: number, index: number): boolean {
    let at = start;
    for (let i = index; i < this.steps.length; i++) {
      const step = this.steps[i];
      if (step.kind === 'literal') {
        if (!startsWith(buffer, at, end, step.bytes)) return false;
        at += step.bytes.length;
        continue;
      }
      if (step.kind === 'text') return this.text(buffer, at, end, i, step.arg);
      while (step.width > 0 && at < end && buffer[at] === SPACE) at++;
      const next =
        step.kind === 'char' ? Math.min(at + 1, end) : numberEnd(buffer, at, end, step, this.fixedWidth(i));
      if (next === at) return false;
      this.starts[step.arg] = at;
      this.ends[step.arg] = next;
      at = next;
    }
    while (at < end && buffer[at] === SPACE) at++;
    return at === end;
  }

  /** Digits that a number has when the next one follows without anything between. */
  private fixedWidth(index: number): number {
    const next = this.steps[index + 1];
    const step = this.steps[index];
    return next && next.kind !== 'literal' && step.kind !== 'literal' ? step.width : 0;
  }

  private text(buffer: Uint8Array, start: number, end: number, index: number, arg: number): boolean {
    const next = this.steps[index + 1];
    this.starts[arg] = start;
    if (!next) {
      this.ends[arg] = end;
      return true;
    }
    for (let at = start; at <= end; at++) {
      if (++this.lookedAt > MAX_LOOKED_AT) return false;
      if (next.kind === 'literal' && !startsWith(buffer, at, end, next.bytes)) continue;
      if (this.step(buffer, at, end, index + 1)) {
        this.starts[arg] = start;
        this.ends[arg] = at;
        return true;
      }
    }
    return false;
  }
}

function compile(format: string, args: number): Step[] {
  const steps: Step[] = [];
  let literal = '';
  let arg = 0;
  let last = 0;
  const flush = () => {
    if (literal !== '') steps.push({ kind: 'literal', bytes: Buffer.from(literal) });
    literal = '';
  };
  for (const match of format.matchAll(CONVERSION)) {
    literal += format.slice(last, match.index);
    last = match.index + match[0].length;
    const [, , width, precision, conversion] = match;
    if (conversion === '%') {
      literal += '%';
      continue;
    }
    // A width or precision of `*` takes an argument that is not printed.
    if (width === '*') arg++;
    if (precision === '*') arg++;
    if (arg >= args) break;
    flush();
    const digits = width && width !== '*' ? Number(width) : 0;
    steps.push({ kind: kindOf(conversion), arg: arg++, width: Math.min(digits, 64) });
  }
  literal += format.slice(last);
  // QEMU ends the line right behind the format, and the reader of lines left the end out.
  literal = literal.trimEnd();
  flush();
  return steps;
}

function kindOf(conversion: string): 'decimal' | 'hex' | 'pointer' | 'text' | 'char' {
  switch (conversion) {
    case 'd':
    case 'i':
    case 'u':
      return 'decimal';
    case 'x':
    case 'X':
      return 'hex';
    case 'p':
      return 'pointer';
    case 'c':
      return 'char';
    default:
      return 'text';
  }
}

function numberEnd(
  buffer: Uint8Array,
  start: number,
  end: number,
  { kind }: { readonly kind: string },
  width: number,
): number {
  let at = start;
  if (kind === 'decimal') {
    if (buffer[at] === MINUS) at++;
    const limit = Math.min(end, width > 0 ? start + width : start + 20);
    while (at < limit && buffer[at] >= 48 && buffer[at] <= 57) at++;
    return at;
  }
  if (kind === 'pointer' && startsWith(buffer, at, end, NIL)) return at + NIL.length;
  if (buffer[at] === 48 && buffer[at + 1] === 120 && at + 2 < end) at += 2;
  const limit = Math.min(end, width > 0 ? at + width : at + 16);
  while (at < limit && hexDigit(buffer[at]) >= 0) at++;
  return at;
}

const NIL = Buffer.from('(nil)');

function startsWith(buffer: Uint8Array, at: number, end: number, bytes: Uint8Array): boolean {
  if (at + bytes.length > end) return false;
  for (let i = 0; i < bytes.length; i++) if (buffer[at + i] !== bytes[i]) return false;
  return true;
}
