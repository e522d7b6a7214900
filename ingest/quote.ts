import type { QuotedRecord } from '../tables/index.ts';
import type { ReadInputs } from './read.ts';
import type { ByteSource } from './source.ts';

/** A record longer than this is quoted in part. */
const LONGEST = 4096;

/** The records at these places as a person would read them, in the order asked. */
export async function quote(
  inputs: Pick<ReadInputs, 'sources' | 'formats'>,
  places: readonly QuotedRecord[],
): Promise<string[]> {
  const texts = new Array<string>(places.length).fill('');
  for (const [source, format] of inputs.formats.entries()) {
    const wanted = places.flatMap((place, i) => (place.source === source ? [{ place, i }] : []));
    if (wanted.length === 0) continue;
    const own = wanted.map(({ place }) => place);
    const quoted = format.excerpt
      ? await format.excerpt(inputs.sources[source], own)
      : own.map((place) => quoteBytes(inputs.sources[source], place));
    wanted.forEach(({ i }, k) => {
      texts[i] = quoted[k];
    });
  }
  return texts;
}

/** The bytes of a text record, without its line end. */
function quoteBytes(source: ByteSource, { offset, length }: QuotedRecord): string {
  const bytes = new Uint8Array(Math.min(length, LONGEST));
  const got = source.read(offset, bytes);
  const text = new TextDecoder('utf-8', { fatal: false })
    .decode(bytes.subarray(0, got))
    .replace(/[\r\n]+$/, '');
  return length > LONGEST ? `${text} ...` : text;
}
