import type { EventColumns } from '../event-columns.ts';
import { KIND, kindMask, UNKNOWN } from '../events.ts';
import { NOTE } from '../rules/notes.ts';
import type { CompletedCall } from '../rules/rule.ts';
import { CORE_EN, DRV_EN, type StateStore } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import type { RuleBench } from './bench.ts';

/** Work of the IOMMU side: an ATS call inside it is the driver's own, whatever the recording says of the caller. */
const OF_IOMMU = kindMask(
  'iommu.probe',
  'iommu.finalize',
  'iommu.attach',
  'iommu.block',
  'iommu.release',
  'iommu.core',
  'reset.prepare',
  'reset.done',
);
const ASSIGN = KIND['cachetag.assign'];

/**
 * What the IOMMU driver believes of ATS (contract 2.3 to 2.5). VT-d and AMD believe what the core answered them; SMMUv3
 * believes ATS on after every enable of its own, whatever the core answered (contract 5.3). A call by somebody else changes
 * the core and leaves the belief alone.
 */
export class Beliefs {
  private readonly events: EventColumns;
  private readonly state: StateStore;
  private readonly bench: RuleBench;

  constructor(events: EventColumns, state: StateStore, bench: RuleBench) {
    this.events = events;
    this.state = state;
    this.bench = bench;
  }

  /** Takes a finished enable or disable. */
  called(done: CompletedCall): void {
    const { fn, event, result, kind } = done;
    const caller = this.bench.callerKind(event);
    if (caller === 'foreign') return;
    const isDrivers = caller === 'iommu' || this.bench.enclosing(done.call, OF_IOMMU) >= 0;
    if (!isDrivers) return this.set(fn, UNKNOWN, event);
    if (kind === 'ats.disable') return this.set(fn, 0, event);
    if (this.isSmmu(done)) return this.set(fn, 1, event);
    this.set(fn, result === UNKNOWN ? UNKNOWN : result === 0 ? 1 : 0, event);
  }

  /**
   * Takes a device-TLB cache tag: VT-d holds one for every domain from which it must send invalidations. Between two domains
   * it holds none and still believes that ATS is on; only where the core has it off was the tag all there was to the belief.
   */
  tagged(fn: FunctionRecord, event: number): void {
    const assigns = this.events.kind[event] === ASSIGN;
    const users = this.events.value[event];
    const held = this.bench.recall(fn.fn, NOTE.beliefTags);
    // Another user of a tag that is there already, or one user less of it, changes nothing.
    const counts = users === UNKNOWN || users === 1;
    if (counts) {
      const before = held === UNKNOWN ? 0 : held;
      this.bench.remember(fn.fn, NOTE.beliefTags, Math.max(0, before + (assigns ? 1 : -1)));
    }
    if (assigns) return this.state.set(fn.fn, DRV_EN, 1, event, 'observed');
    if (counts && held === 1 && this.state.get(fn.fn, CORE_EN) === 0)
      this.state.set(fn.fn, DRV_EN, 0, event, 'observed');
  }

  private set(fn: FunctionRecord, value: number, event: number): void {
    this.state.set(fn.fn, DRV_EN, value, event, value === UNKNOWN ? 'lost' : 'learned');
  }

  private isSmmu(done: CompletedCall): boolean {
    if (/^_*arm_smmu_/.test(this.bench.callerText(done.event) ?? '')) return true;
    const { bench } = this;
    return bench.symbolOf(bench.enclosing(done.call, OF_IOMMU))?.startsWith('arm_smmu_') ?? false;
  }
}
