import type { Calls } from './calls.ts';
import type { EventColumns } from './event-columns.ts';
import { kindMask } from './events.ts';

/** Questions: they change nothing, so a wrong answer to which device they were about could not undo knowledge of another. */
const QUESTIONS = kindMask('ats.supported', 'ats.query', 'ats.required');
/** Functions that work on one device and ask about no other (drivers/iommu, 6.1 to 7.3). */
const OF_ONE_DEVICE = kindMask(
  'iommu.probe',
  'iommu.finalize',
  'iommu.attach',
  'iommu.block',
  'iommu.release',
  'reset.prepare',
  'reset.done',
);

/**
 * Gives returns that name no device the one of the call that made them. Before 6.9 a return probe has no arguments, and of the
 * support test nothing else is recorded; but it names its caller, and where that is the very function that encloses it on its
 * task, the device is that function's.
 */
export function nameByCallAround(events: EventColumns, calls: Calls): void {
  for (let call = 0; call < calls.length; call++) {
    const exit = calls.exit[call];
    if (calls.enter[call] >= 0 || !QUESTIONS[calls.kind[call]] || events.device[exit] >= 0) continue;
    const around = calls.parent[call];
    if (around < 0 || !OF_ONE_DEVICE[calls.kind[around]]) continue;
    if (symbolOfCaller(events, exit) !== events.nameOf(calls.symbol[around])) continue;
    // What encloses a call was entered.
    events.device[exit] = events.device[calls.enter[around]];
  }
}

/** `intel_iommu_probe_device+0x26d/0x4c0` is `intel_iommu_probe_device`; null where the caller is not named. */
function symbolOfCaller(events: EventColumns, row: number): string | null {
  return /^\w+/.exec(events.nameOf(events.caller[row]) ?? '')?.[0] ?? null;
}
