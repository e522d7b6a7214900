import type { EventColumns } from '../event-columns.ts';
import { kindMask, UNKNOWN } from '../events.ts';
import type { Order } from '../order.ts';
import {
  CORE_CAP,
  CORE_EN,
  CORE_STU,
  CORE_UNTRUSTED,
  DRV_EN,
  HW_EN,
  HW_STU,
  type StateStore,
} from '../state.ts';
import type { FunctionRecord, Topology } from '../topology.ts';
import type { RuleBench } from './bench.ts';

/** The core sets a new device up by them before it looks for capabilities: none is known then. */
const MAY_BE_EARLY = kindMask('config.write', 'config.write_user', 'config.read');

const LISTED = kindMask('listing.function', 'listing.control');

/** Takes what events print of the state of a function, and notices when it contradicts what was known. */
export class Observer {
  private readonly events: EventColumns;
  private readonly order: Order;
  private readonly state: StateStore;
  private readonly topology: Topology;
  private readonly bench: RuleBench;
  private readonly onCapabilityGone: (fn: FunctionRecord, row: number) => void;

  constructor(
    events: EventColumns,
    order: Order,
    state: StateStore,
    topology: Topology,
    bench: RuleBench,
    onCapabilityGone: (fn: FunctionRecord, row: number) => void,
  ) {
    this.events = events;
    this.order = order;
    this.state = state;
    this.topology = topology;
    this.bench = bench;
    this.onCapabilityGone = onCapabilityGone;
  }

  /** What does not change during a call: what kind of function it is, its capability, whether it is trusted. */
  nature(fn: FunctionRecord, row: number): void {
    const { events, state } = this;
    this.kindOfFunction(fn, events.isVf(row), events.isPf(row), LISTED[events.kind[row]] === 1);
    const cap = events.cap[row];
    if (cap !== UNKNOWN && cap !== 0) {
      fn.capOffset = cap;
      state.set(fn.fn, CORE_CAP, 1, row, 'observed');
    } else if (cap === 0 && fn.discovered && !fn.removing) {
      const hadOne = state.get(fn.fn, CORE_CAP) === 1;
      if (hadOne && MAY_BE_EARLY[events.kind[row]]) return;
      if (hadOne) this.onCapabilityGone(fn, row);
      state.set(fn.fn, CORE_CAP, 0, row, 'observed');
      state.confirm(fn.fn, CORE_CAP, row);
    }
    const untrusted = events.untrusted(row);
    if (untrusted !== UNKNOWN) state.set(fn.fn, CORE_UNTRUSTED, untrusted, row, 'observed');
  }

  /** What the kernel prints counts against a listing, which may tell of another device that had the address. */
  private kindOfFunction(fn: FunctionRecord, isVf: number, isPf: number, listed: boolean): void {
    const known = fn.isVf;
    if (listed && ((isVf === 1 && known === 0) || (isPf === 1 && known === 1))) return;
    if (isVf !== UNKNOWN) fn.isVf = isVf;
    if (isVf === 0) this.topology.separate(fn);
    if (isPf === UNKNOWN) return;
    fn.isPf = isPf;
    if (isPf === 1) fn.isVf = 0;
  }

  /** `ats_enabled` and `ats_stu` as printed. */
  changing(fn: FunctionRecord, row: number): void {
    const shift = this.events.stu[row];
    if (shift !== UNKNOWN) {
      if (shift !== 0 && fn.isVf === UNKNOWN) fn.isVf = 0;
      // A VF's own field stays 0 for life and says nothing.
      if (fn.isVf === 0) this.compare(fn, CORE_STU, shift, row);
    }
    const enabled = this.events.enabled[row];
    if (enabled !== UNKNOWN) this.compare(fn, CORE_EN, enabled ? 1 : 0, row);
  }

  private compare(fn: FunctionRecord, field: number, value: number, row: number): void {
    const { state } = this;
    const known = state.get(fn.fn, field);
    if (known === value) return;
    if (known !== UNKNOWN) {
      this.contradicts(fn, field, known, value, row);
      this.giveUp(fn, field, value, row);
    }
    state.set(fn.fn, field, value, row, 'observed');
  }

  /** New evidence against what was known, without a loss in between (rules section 0.2, 4). */
  private contradicts(fn: FunctionRecord, field: number, known: number, value: number, row: number): void {
    const { bench } = this;
    const what = field === CORE_EN ? 'ats_enabled' : 'ats_stu';
    const setBy = this.state.setBy(fn.fn, field);
    const recorded =
      field === CORE_EN
        ? bench.wasRecorded(known === 1 ? 'ats.disable' : 'ats.enable')
        : bench.wasRecorded('ats.prepare') && bench.wasRecorded('ats.enable');
    if (!recorded || bench.simultaneous(setBy, row) || this.order.concurrent[row]) {
      noteResync(
        bench,
        fn,
        row,
        `${what} is ${value} where ${known} was known, and the calls that change it are not all recorded`,
      );
      return;
    }
    bench.fire('ATS093', {
      fn: fn.fn,
      event: row,
      since: setBy,
      message: `${what} of ${fn.address} is ${value} where the recorded calls leave ${known}.`,
      expected: `${what} = ${known}.`,
      observed: `${what} = ${value}.`,
      evidence: [...bench.because(fn.fn, field, 'known before'), { role: 'the contradiction', event: row }],
      key: `${what} ${known}->${value}`,
    });
    if (bench.watchesRegister(fn.fn)) return;
    bench.question(
      'change-unseen',
      `${what} of ${fn.address} changed from ${known} to ${value} without a recorded call, and whether its register went with it is unknown.`,
      'Look for a filter of the trace and for probes that were missed (kprobe_profile), and record the config writes of the kernel: atscope-capture does.',
    );
  }

  /**
   * A call that is not in the recording wrote the register, too, and a driver made it. A register whose writes would have
   * been seen is what it was.
   */
  private giveUp(fn: FunctionRecord, field: number, value: number, row: number): void {
    const { bench, state } = this;
    const forget = (other: number, agreed: number) => {
      if (state.get(fn.fn, other) !== agreed) state.set(fn.fn, other, UNKNOWN, row, 'lost');
    };
    const [register, agreed] = field === CORE_EN ? [HW_EN, value] : [HW_STU, (value - 12) & 31];
    if (!bench.watchesRegister(fn.fn)) forget(register, agreed);
    if (field === CORE_EN) forget(DRV_EN, value);
  }
}

/** ATS092: the model gives up what it knew and takes the new evidence. */
export function noteResync(bench: RuleBench, fn: FunctionRecord, row: number, why: string): void {
  bench.fire('ATS092', {
    fn: fn.fn,
    event: row,
    message: `What was known of ${fn.address} was given up: ${why}.`,
    expected: 'A recording that shows every change.',
    observed: why,
    evidence: [{ role: 'the new evidence', event: row }],
  });
}
