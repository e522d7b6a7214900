import type { Format } from '../format.ts';
import { decodeTraceDat } from './decode.ts';
import { detect } from './detect.ts';
import { excerpt } from './excerpt.ts';

export const traceDat: Format = {
  id: 'trace-dat',
  title: 'trace-cmd trace.dat (versions 6 and 7)',
  detect,
  decode: decodeTraceDat,
  async excerpt(source, places) {
    const known = places.filter((place) => place.timeNs !== null);
    const lines = await excerpt(
      source,
      known.map((place) => ({ ...place, timeNs: place.timeNs as bigint })),
    );
    const byPlace = new Map(known.map((place, i) => [place, lines[i]]));
    return places.map((place) => byPlace.get(place) ?? '');
  },
};

export { type EventPlace, Excerpts, excerpt } from './excerpt.ts';
