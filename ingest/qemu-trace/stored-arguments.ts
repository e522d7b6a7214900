import type { DeclaredEvent } from './declarations.ts';
import { textOf } from './sink.ts';
import type { ByteWindow } from './window.ts';

/** An argument as a binary trace stores it: a text with its length before it, or 64 bits. */
export interface StoredValue {
  readonly name: string;
  readonly isText: boolean;
  /** Bounds of a text, counted from the start of the record. */
  readonly start: number;
  readonly end: number;
  readonly lo: number;
  readonly hi: number;
}

/** Reads the arguments of a record between two positions of it; null where they do not fill it exactly. */
export function argumentsOf(
  event: DeclaredEvent,
  window: ByteWindow,
  from: number,
  to: number,
): StoredValue[] | null {
  const values: StoredValue[] = [];
  let at = from;
  for (const { name, kind } of event.args) {
    if (kind === 'text') {
      if (at + 4 > to) return null;
      const start = at + 4;
      const end = start + window.word(at);
      if (end > to) return null;
      values.push({ name, isText: true, start, end, lo: 0, hi: 0 });
      at = end;
    } else {
      if (at + 8 > to) return null;
      values.push({ name, isText: false, start: at, end: at + 8, lo: window.low(at), hi: window.high(at) });
      at += 8;
    }
  }
  return at === to ? values : null;
}

/** `name value` pairs, as most events print them. */
export function describe(values: readonly StoredValue[], window: ByteWindow): string {
  return values
    .map(({ name, isText, start, end, lo, hi }) => {
      if (isText) return `${name} ${textOf(window.bytes, window.at + start, window.at + end)}`;
      return `${name} 0x${((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)).toString(16)}`;
    })
    .join(' ');
}
