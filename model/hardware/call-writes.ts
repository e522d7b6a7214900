import type { Calls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { KIND, kindMask, UNKNOWN } from '../events.ts';
import type { KnownOffsets } from './offsets.ts';

/** A write to ATS Control that a call makes, somewhere between its entry and its return; one of the two may be -1. */
export interface ExpectedWrite {
  /** Null where the call names no device. */
  readonly device: string | null;
  readonly where: number;
  readonly value: number;
  readonly enter: number;
  readonly exit: number;
}

const ENABLE = 0x8000;
const CONTROL = 6;
const WRITING = kindMask('ats.prepare', 'ats.enable', 'ats.disable');

/**
 * The writes that successful ATS calls make (contract sections 3.2 to 3.5), as far as the recording tells their value.
 * Where it does not say whether the function is a VF, a page shift of 12 gives both the same value; a prepare may then
 * turn out to make none.
 */
export function expectedWrites(events: EventColumns, calls: Calls, known: KnownOffsets): ExpectedWrite[] {
  const writes: ExpectedWrite[] = [];
  /** STU field that a function was last given, by device. */
  const units = new Map<number, number>();
  const either = (shown: (row: number) => number, call: number) =>
    [calls.enter[call], calls.exit[call]]
      .map((row) => (row < 0 ? UNKNOWN : shown(row)))
      .find((one) => one !== UNKNOWN) ?? UNKNOWN;
  for (let call = 0; call < calls.length; call++) {
    if (calls.warn[call] >= 0 || !WRITING[calls.kind[call]]) continue;
    const enter = calls.enter[call];
    const exit = calls.exit[call];
    const kind = calls.kind[call];
    const device = Math.max(...[enter, exit].map((row) => (row < 0 ? -1 : events.device[row])));
    const address = device < 0 ? null : events.names.get(device);
    const printed = either((row) => events.cap[row], call);
    const cap = printed > 0 ? printed : address === null ? UNKNOWN : (known.of(address)?.ats ?? UNKNOWN);
    if (cap === UNKNOWN) continue;
    const isVf = either((row) => events.isVf(row), call);
    const shift = either((row) => events.pageShift[row], call);
    const field = isVf > 0 ? 0 : shift === UNKNOWN ? UNKNOWN : ((shift & 0xff) - 12) & 31;
    const isKnown = isVf !== UNKNOWN || field === 0;
    const succeeded = exit >= 0 && events.result[exit] === 0;
    let value = UNKNOWN;
    if (kind === KIND['ats.prepare'] && succeeded && isVf <= 0 && isKnown) value = field;
    else if (kind === KIND['ats.enable'] && succeeded && isKnown && field !== UNKNOWN) value = ENABLE | field;
    // Not enabled: no write. The STU of a PF stays.
    else if (kind === KIND['ats.disable'] && (enter < 0 || events.enabled[enter] !== 0))
      value = isVf > 0 ? 0 : (units.get(device) ?? UNKNOWN);
    if (value === UNKNOWN) continue;
    if (device >= 0) units.set(device, value & 31);
    writes.push({ device: address, where: cap + CONTROL, value, enter, exit });
  }
  return writes;
}
