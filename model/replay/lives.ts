import { UNKNOWN } from '../events.ts';
import { ABSENT, type MachineCoverage, machineState, NO_STEP, REMOVED } from '../reference-machine.ts';
import { LOOKS } from '../rules/index.ts';
import type { ResetDone } from '../rules/rule.ts';
import { CORE_EN, CORE_STU, HW_EN, type StateStore } from '../state.ts';
import type { FunctionRecord, Topology } from '../topology.ts';
import type { RuleBench } from './bench.ts';
import type { IdentityEvents } from './identity.ts';
import type { ListingTracker } from './listings.ts';
import { noteResync } from './observer.ts';
import type { Stability } from './stability.ts';
import { type WindowEvents, WindowTracker } from './windows.ts';

/** What it means for a function, and for the rules, that it appears, is reset, is released or goes away. */
export class Lives implements IdentityEvents, WindowEvents {
  readonly windows: WindowTracker;
  private readonly state: StateStore;
  private readonly topology: Topology;
  private readonly bench: RuleBench;
  private readonly stability: Stability;
  private readonly coverage: MachineCoverage;
  private readonly listings: ListingTracker | null;

  constructor(
    state: StateStore,
    topology: Topology,
    bench: RuleBench,
    stability: Stability,
    coverage: MachineCoverage,
    listings: ListingTracker | null,
  ) {
    this.state = state;
    this.topology = topology;
    this.bench = bench;
    this.stability = stability;
    this.coverage = coverage;
    this.listings = listings;
    this.windows = new WindowTracker(state, this);
  }

  opened(fn: FunctionRecord): void {
    this.listings?.opened(fn);
  }

  ended(fn: FunctionRecord, row: number): void {
    this.tookRemoval(fn);
    this.windows.closeRelease(fn);
    this.bench.expectations.removed(fn.fn, row);
    this.topology.unlink(fn);
  }

  reused(fn: FunctionRecord, row: number): void {
    const why = 'its address was used again by a new device whose predecessor was not seen to leave';
    noteResync(this.bench, fn, row, why);
  }

  resetEnded(reset: ResetDone): void {
    this.bench.about(reset.fn, () => {
      this.bench.each(LOOKS.onResetEnd, reset);
    });
  }

  released(fn: FunctionRecord, event: number): void {
    this.tookRemoval(fn);
    this.bench.about(fn, () => {
      this.bench.each(LOOKS.onReleased, fn, event);
    });
    this.bench.expectations.removed(fn.fn, event);
  }

  wiped(fn: FunctionRecord, event: number): void {
    this.bench.about(fn, () => {
      this.bench.each(LOOKS.onHardwareReset, fn, event);
    });
    this.vfsCleared(fn, this.topology.vfsOf(fn), event);
  }

  /** VF Enable of a PF is cleared by a write. SR-IOV is set up with it clear: VFs that nothing was seen of are still to come. */
  vfEnableCleared(pf: FunctionRecord, event: number): void {
    const vfs = this.topology.vfsOf(pf).filter((vf) => !vf.fresh);
    this.vfsCleared(pf, vfs, event);
  }

  /** The VFs of a PF are reset with it (PCIe 9.2.2). */
  private vfsCleared(pf: FunctionRecord, vfs: readonly FunctionRecord[], event: number): void {
    if (vfs.length === 0) return;
    this.bench.about(pf, () => {
      this.bench.each(LOOKS.onVfsCleared, vfs, event);
    });
    for (const vf of vfs) this.state.set(vf.fn, HW_EN, UNKNOWN, event, 'reset');
  }

  calm(fn: FunctionRecord): void {
    this.stability.calm(fn.fn);
  }

  observable(fn: FunctionRecord): boolean {
    return this.bench.showsControlWrites(fn.fn) || this.bench.wasRecorded('ats.restore');
  }

  /** Where the function stands in the reference machine; `NO_STEP` where what kind of function it is, is unknown. */
  coreState(fn: FunctionRecord): number {
    if (fn.isVf === UNKNOWN) return NO_STEP;
    return machineState(fn.isVf === 1, this.state.get(fn.fn, CORE_EN), this.state.get(fn.fn, CORE_STU));
  }

  /** The function took a step of the reference machine: from a state of it to where it stands now. */
  tookStep(fn: FunctionRecord, from: number, step: number): void {
    if (step !== NO_STEP) this.coverage.took(fn.isVf === 1, from, step, this.coreState(fn));
  }

  private tookRemoval(fn: FunctionRecord): void {
    if (!fn.removalCounted) this.coverage.took(fn.isVf === 1, this.coreState(fn), REMOVED, ABSENT);
    fn.removalCounted = true;
  }
}
