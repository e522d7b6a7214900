import { StringPool } from '../../tables/index.ts';
import { hexDigit } from '../ascii.ts';
import { type Integer, parseInteger } from './integer.ts';
import type { EventRow } from './row.ts';

const SPACE = 32;
const COMMA = 44;
const COLON = 58;
const EQUALS = 61;

/** Words between a name and its value: `tail at 0x10`. */
const LINKS = new Set(['at', 'to', 'of', 'is', 'in', 'on', 'for', 'from', 'by', 'with', 'the', 'a']);

/** Closing marks that belong to the sentence and not to the value. */
function isMark(byte: number): boolean {
  return byte === COMMA || byte === 59 || byte === 41 || byte === 46 || byte === 93 || byte === 34;
}

/** Where a token divides into name and value; -1 for one that does not, such as an address `ff:00.0`. */
function splitOf(buffer: Uint8Array, from: number, to: number): number {
  let isHex = true;
  for (let at = from; at < to; at++) {
    if (buffer[at] === EQUALS) return at;
    if (buffer[at] === COLON) return isHex && at > from && at + 1 < to ? -1 : at;
    if (hexDigit(buffer[at]) < 0) isHex = false;
  }
  return -1;
}

/** Finds names and values in what an event prints, without knowing its format. */
export class LooseArguments {
  private readonly words = new StringPool();
  private readonly names: (string | undefined)[] = [];
  private readonly integer: Integer = { lo: 0, hi: 0, hex: false };
  private readonly used = new Map<string, number>();

  /**
   * Stores `name value`, `name=value`, `name: value` into fields of the row. A bare word counts as a name only before
   * a number. A name that comes again gets `_2`, `_3`, ...
   */
  store(row: EventRow, buffer: Uint8Array, start: number, end: number): void {
    this.forEach(buffer, start, end, (name, from, to) => {
      if (parseInteger(buffer, from, to, this.integer)) row.setInteger(name, this.integer);
      else row.setBytes(name, buffer, from, to);
    });
  }

  /** The names alone. */
  namesOf(buffer: Uint8Array, start: number, end: number): string[] {
    const names: string[] = [];
    this.forEach(buffer, start, end, (name) => names.push(name));
    return names;
  }

  private forEach(
    buffer: Uint8Array,
    start: number,
    end: number,
    onField: (name: string, from: number, to: number) => void,
  ): void {
    this.used.clear();
    let name: string | null = null;
    let before: string | null = null;
    let expectsValue = false;
    let at = start;
    while (at < end) {
      while (at < end && (buffer[at] === SPACE || buffer[at] === COMMA)) at++;
      const from = at;
      while (at < end && buffer[at] !== SPACE && buffer[at] !== COMMA) at++;
      if (at === from) break;
      let to = at;
      while (to > from && isMark(buffer[to - 1])) to--;
      const split = splitOf(buffer, from, to);
      if (split >= 0) {
        if (split > from) name = this.nameOf(buffer, from, split);
        expectsValue = split + 1 >= to;
        if (!expectsValue && name) onField(this.unique(name), split + 1, to);
        if (!expectsValue) name = before = null;
        continue;
      }
      if (to === from) continue;
      const isNumber = parseInteger(buffer, from, to, this.integer);
      if (expectsValue || isNumber) {
        const key = name !== null && LINKS.has(name) ? (before ?? name) : name;
        if (key) onField(this.unique(key), from, to);
        name = before = null;
        expectsValue = false;
        continue;
      }
      before = name;
      name = this.nameOf(buffer, from, to);
    }
  }

  private unique(name: string): string {
    const count = (this.used.get(name) ?? 0) + 1;
    this.used.set(name, count);
    return count === 1 ? name : `${name}_${count}`;
  }

  /** A word as the name of a column, or null where it is none. */
  private nameOf(buffer: Uint8Array, from: number, to: number): string | null {
    const id = this.words.intern(buffer, from, to);
    let name = this.names[id];
    if (name === undefined) {
      name = this.words
        .get(id)
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/^[_0-9]+|_+$/g, '');
      this.names[id] = name;
    }
    return name === '' || name.length > 40 ? null : name;
  }
}
