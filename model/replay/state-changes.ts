import {
  CORE_EN,
  CORE_STU,
  FIELD_COUNT,
  HW_EN,
  HW_STU,
  type Origin,
  type TransitionListener,
} from '../state.ts';
import type { Topology } from '../topology.ts';
import { Stability } from './stability.ts';
import { TransitionLog } from './transition-log.ts';

/** Fields whose change makes the rules look at the state of a function. */
const WATCHED_FIELDS = new Uint8Array(FIELD_COUNT);
for (const field of [HW_EN, HW_STU, CORE_EN, CORE_STU]) WATCHED_FIELDS[field] = 1;

/** Takes every change of the state: writes it down, and notes whose state rules must look at. */
export class StateChanges implements TransitionListener {
  readonly log = new TransitionLog();
  readonly stability = new Stability();
  private readonly topology: Topology;

  constructor(topology: Topology) {
    this.topology = topology;
  }

  changed(event: number, fn: number, field: number, from: number, to: number, origin: Origin): void {
    this.log.add(event, fn, field, from, to, origin);
    if (WATCHED_FIELDS[field]) this.stability.touch(fn);
    // Whether the STU of a PF matters depends on its VFs.
    if (field === CORE_EN && to === 1) {
      const { pf } = this.topology.at(fn);
      if (pf >= 0) this.stability.touch(pf);
    }
  }
}
