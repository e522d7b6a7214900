import { ascii, skipSpaces, startsWith } from '../ascii.ts';

/** Index of the first four bytes of a message in a table. */
function firstIndex(bytes: Uint8Array, at: number): number {
  return (((bytes[at] * 31 + bytes[at + 1]) * 31 + bytes[at + 2]) * 31 + bytes[at + 3]) & 0xffff;
}

/** Texts of four bytes or more that messages may begin with. Nearly all messages are told by their first four bytes to begin with none. */
export class Starts {
  private readonly firstByte = new Uint8Array(256);
  private readonly firstBytes = new Uint8Array(65536);
  private readonly texts = new Map<number, Uint8Array[]>();

  constructor(texts: Iterable<string>) {
    for (const text of new Set(texts)) {
      const bytes = ascii(text);
      const index = firstIndex(bytes, 0);
      this.firstByte[bytes[0]] = 1;
      this.firstBytes[index] = 1;
      this.texts.set(index, [...(this.texts.get(index) ?? []), bytes]);
    }
  }

  /** Index after the first of the texts with which `[start, end)` begins, leading spaces aside; -1 when it begins with none. */
  endIn(bytes: Uint8Array, start: number, end: number): number {
    const at = skipSpaces(bytes, start, end);
    if (at + 3 >= end || this.firstByte[bytes[at]] === 0) return -1;
    const index = firstIndex(bytes, at);
    if (this.firstBytes[index] === 0) return -1;
    for (const text of this.texts.get(index) ?? []) {
      if (startsWith(bytes, at, end, text)) return at + text.length;
    }
    return -1;
  }
}

/** What a pattern named. */
export type Groups = Readonly<Record<string, string | undefined>>;

/** A kind of line. */
export interface LineRule {
  /** Texts with which such a line begins; they keep other lines away from the pattern. None where it may begin with anything. */
  readonly starts: readonly string[];
  readonly pattern: RegExp;
}

/** The rules for lines that begin with a byte, in their order. */
export function byFirstByte<R extends LineRule>(rules: readonly R[]): readonly (readonly R[])[] {
  const sorted: R[][] = Array.from({ length: 128 }, () => []);
  for (const rule of rules) {
    for (const first of new Set(rule.starts.map((start) => start.charCodeAt(0)))) sorted[first].push(rule);
  }
  return sorted;
}

export interface LineMatch<R extends LineRule> {
  readonly rule: R;
  readonly match: RegExpExecArray;
}

/** The first rule whose pattern a line matches, or null. */
export function matchOf<R extends LineRule>(rules: readonly R[], text: string): LineMatch<R> | null {
  for (const rule of rules) {
    const { starts } = rule;
    let may = starts.length === 0;
    for (let i = 0; !may && i < starts.length; i++) may = text.startsWith(starts[i]);
    const match = may ? rule.pattern.exec(text) : null;
    if (match) return { rule, match };
  }
  return null;
}
