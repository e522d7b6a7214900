import { KIND, kindMask, UNKNOWN } from '../events.ts';
import type { ResetDone } from '../rules/rule.ts';
import { CORE_EN, HW_EN, HW_PASID, HW_STU, type StateStore } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { GRACE_NS } from './expectations.ts';

const RESET_KINDS = kindMask('reset.function', 'reset.flr');
const FLR = KIND['reset.flr'];
const RELEASE = KIND['iommu.release'];
const REMOVE = KIND['device.remove'];
/** Steps in the life of functions: when a task takes one for another function, it is done with the one before. */
const LIFE_STEPS = kindMask(
  'device.add',
  'device.remove',
  'vf.add',
  'vf.remove',
  'sriov.enable',
  'sriov.disable',
  'iommu.probe',
);

export function isLifeStep(kind: number): boolean {
  return LIFE_STEPS[kind] === 1;
}

interface OpenReset {
  readonly fn: FunctionRecord;
  /** The outermost call; its return ends the reset. */
  readonly outer: number;
  event: number;
  enabledBefore: number;
  enabledAgain: boolean;
  happened: boolean;
}

interface Release {
  readonly fn: FunctionRecord;
  event: number;
  readonly task: number;
  /** The IOMMU driver was told to let go, not only the PCI core. */
  byIommu: boolean;
}

export interface WindowEvents {
  resetEnded(reset: ResetDone): void;
  released(fn: FunctionRecord, event: number): void;
  /** The hardware of the function is reset now. */
  wiped(fn: FunctionRecord, event: number): void;
  /** No reset of the function is under way any more. */
  calm(fn: FunctionRecord): void;
  /** Whether the recording would show ATS being switched on again after a reset. */
  observable(fn: FunctionRecord): boolean;
}

/** Follows what spans many events: resets with all that surrounds them, and releases of functions. */
export class WindowTracker {
  private readonly state: StateStore;
  private readonly on: WindowEvents;
  private readonly resets = new Map<number, OpenReset>();
  /** Resets whose outermost call is the reset itself: who called it may restore later. */
  private readonly unclosed = new Map<number, OpenReset>();
  private readonly releases = new Map<number, Release>();

  constructor(state: StateStore, on: WindowEvents) {
    this.state = state;
    this.on = on;
  }

  private get isAnyReset(): boolean {
    return this.resets.size > 0 || this.unclosed.size > 0;
  }

  inReset(fn: number): boolean {
    return this.isAnyReset && (this.resets.has(fn) || this.unclosed.has(fn));
  }

  /** @param ends whether the end of the call is recorded. */
  enter(fn: FunctionRecord, call: number, ends: boolean, row: number, kind: number): void {
    if (!RESET_KINDS[kind]) return;
    let reset = this.resets.get(fn.fn);
    if (!reset) {
      reset = {
        fn,
        outer: call,
        event: row,
        enabledBefore: this.state.get(fn.fn, CORE_EN),
        enabledAgain: false,
        happened: false,
      };
      if (ends) this.resets.set(fn.fn, reset);
      else this.unclosed.set(fn.fn, reset);
    }
    if (kind === FLR || !ends) this.wipe(reset, row);
  }

  /** The hardware forgets Enable and STU (PCIe 6.6.2); emulations do not always, so the value is unknown, not 0. */
  private wipe(reset: OpenReset, row: number): void {
    reset.event = row;
    reset.happened = true;
    reset.enabledAgain = false;
    this.on.wiped(reset.fn, row);
    this.state.set(reset.fn.fn, HW_EN, UNKNOWN, row, 'reset');
    this.state.set(reset.fn.fn, HW_STU, UNKNOWN, row, 'reset');
    this.state.set(reset.fn.fn, HW_PASID, UNKNOWN, row, 'reset');
  }

  exit(fn: FunctionRecord, call: number, row: number, kind: number, result: number): void {
    if (kind === RELEASE || (kind === REMOVE && this.releases.has(fn.fn))) this.closeRelease(fn);
    if (!this.isAnyReset) return;
    const reset = this.resets.get(fn.fn);
    if (!reset || reset.outer !== call) return;
    this.resets.delete(fn.fn);
    if (kind === FLR) {
      if (result === 0 || result === UNKNOWN) this.unclosed.set(fn.fn, reset);
      else this.on.calm(fn);
      return;
    }
    this.end(reset, row, result !== 0 && result !== UNKNOWN && !reset.happened);
  }

  private end(reset: OpenReset, endEvent: number, failed: boolean): void {
    this.on.calm(reset.fn);
    this.on.resetEnded({
      fn: reset.fn,
      event: reset.event,
      endEvent,
      failed,
      enabledBefore: reset.enabledBefore,
      enabledAgain: reset.enabledAgain,
      observable: this.on.observable(reset.fn),
    });
  }

  enabledAgain(fn: FunctionRecord): void {
    if (!this.isAnyReset) return;
    const reset = this.resets.get(fn.fn) ?? this.unclosed.get(fn.fn);
    if (!reset) return;
    reset.enabledAgain = true;
    if (this.unclosed.delete(fn.fn)) this.on.calm(fn);
  }

  /**
   * The function is switched off, let go or reset once more: who reset it by itself has had the time to restore it.
   * @param since from an event until now, ns.
   */
  judgeUnclosed(fn: FunctionRecord, since: (event: number) => bigint): void {
    const reset = this.unclosed.get(fn.fn);
    if (!reset || since(reset.event) < GRACE_NS) return;
    this.unclosed.delete(fn.fn);
    this.end(reset, reset.event, false);
  }

  releaseBegins(fn: FunctionRecord, row: number, task: number, byIommu: boolean): void {
    const known = this.releases.get(fn.fn);
    if (known) {
      known.event = row;
      known.byIommu ||= byIommu;
      return;
    }
    if (fn.released) return;
    this.releases.set(fn.fn, { fn, event: row, task, byIommu });
  }

  /** A task takes a step with another function: releases it had begun are over. */
  lifeCycle(task: number, fn: FunctionRecord): void {
    if (this.releases.size === 0) return;
    for (const release of [...this.releases.values()]) {
      if (release.task === task && release.byIommu && release.fn !== fn) this.closeRelease(release.fn);
    }
  }

  closeRelease(fn: FunctionRecord): void {
    const release = this.releases.get(fn.fn);
    if (!release) return;
    this.releases.delete(fn.fn);
    fn.released = true;
    this.on.released(fn, release.event);
  }

  /** Lost events: what was open may be over. */
  forget(): void {
    this.resets.clear();
    this.unclosed.clear();
    this.releases.clear();
  }

  /**
   * The end of the recording: an absence counts when it lasted.
   * @param silenceAfter from an event to the end of the recording, ns.
   */
  finish(silenceAfter: (event: number) => bigint): void {
    for (const release of this.releases.values()) {
      if (silenceAfter(release.event) >= GRACE_NS) this.on.released(release.fn, release.event);
    }
    for (const reset of this.unclosed.values()) {
      if (silenceAfter(reset.event) >= GRACE_NS) this.end(reset, reset.event, false);
    }
  }
}
