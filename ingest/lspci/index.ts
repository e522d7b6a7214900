import type { Format } from '../format.ts';
import { LspciDecoder } from './decode.ts';
import { detect } from './detect.ts';

export { formatAddress, virtualFunctions } from './address.ts';

/** Listings of pciutils' lspci. See README.md. */
export const lspci: Format = {
  id: 'lspci',
  title: 'lspci listing (-v to -vvv, -n, -nn, -D, -x to -xxxx)',
  detect,
  async decode(source, out, options) {
    new LspciDecoder(out, options).decode(source);
  },
};
