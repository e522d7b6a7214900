import { UNKNOWN } from '../events.ts';

/** `-EINVAL`, `0`, `an unrecorded result`. */
export function resultText(result: number): string {
  switch (result) {
    case UNKNOWN:
      return 'an unrecorded result';
    case -22:
      return '-EINVAL';
    case -16:
      return '-EBUSY';
    default:
      return String(result);
  }
}

/** How the device of a WARN is known, since the WARN itself names none. */
export function warnDeviceText(named: boolean): string {
  return named
    ? 'The WARN names no device; its task had just added this one to a group.'
    : 'The WARN names no device.';
}

/** A page shift with its meaning: `page shift 13 (STU 1, 8 KiB)`. */
export function shiftText(pageShift: number): string {
  if (pageShift === UNKNOWN) return 'an unknown page shift';
  if (pageShift === 0) return 'no page shift (0: never prepared nor enabled)';
  if (pageShift < 12 || pageShift > 43) return `page shift ${pageShift}`;
  return `page shift ${pageShift} (STU ${pageShift - 12}, ${sizeText(pageShift)})`;
}

/** The size that a page shift stands for: `4 KiB`. */
export function sizeText(pageShift: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  return `${2 ** (pageShift % 10)} ${units[Math.floor(pageShift / 10)]}`;
}
