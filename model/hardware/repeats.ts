import type { EventColumns } from '../event-columns.ts';
import { HARDWARE_KINDS, KIND } from '../events.ts';

const INVALIDATE = KIND.invalidate;

/**
 * Logs of the hardware that show what the kernel's own records show, too: invalidations. Those are in their place, while a log
 * of another clock may be laid some milliseconds beside it, outside the attach that sent them.
 */
export function repeatingSources({ length, kind, source }: EventColumns): ReadonlySet<number> {
  const ofHardware = new Set<number>();
  const invalidating = new Set<number>();
  for (let row = 0; row < length; row++) {
    if (HARDWARE_KINDS[kind[row]]) ofHardware.add(source[row]);
    else if (kind[row] === INVALIDATE) invalidating.add(source[row]);
  }
  return [...invalidating].every((one) => ofHardware.has(one)) ? new Set() : ofHardware;
}
