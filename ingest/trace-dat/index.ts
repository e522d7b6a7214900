import type { Format } from '../format.ts';
import { decodeTraceDat } from './decode.ts';
import { detect } from './detect.ts';

export const traceDat: Format = {
  id: 'trace-dat',
  title: 'trace-cmd trace.dat (versions 6 and 7)',
  detect,
  decode: decodeTraceDat,
};

export { Excerpts, excerpt, type RecordPlace } from './excerpt.ts';
