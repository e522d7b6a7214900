import type { ByteSource } from './source.ts';

/** Where a record stands. */
export interface QuotePlace {
  readonly source: number;
  readonly seq: number;
  readonly offset: number;
  readonly length: number;
}

/** A record longer than this is quoted in part. */
const LONGEST = 4096;

/** The records at these places as text, in the order asked. Line ends are left out. */
export function quoteText(sources: readonly ByteSource[], places: readonly QuotePlace[]): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: false });
  return places.map(({ source, offset, length }) => {
    const bytes = new Uint8Array(Math.min(length, LONGEST));
    const got = sources[source].read(offset, bytes);
    const text = decoder.decode(bytes.subarray(0, got)).replace(/[\r\n]+$/, '');
    return length > LONGEST ? `${text} ...` : text;
  });
}
