import type { Calls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { RETURN, UNKNOWN } from '../events.ts';
import type { Machine } from '../machine.ts';
import { CORE_EN, type StateStore } from '../state.ts';
import type { Topology } from '../topology.ts';
import type { RuleBench } from './bench.ts';
import type { CallsUnderWay } from './calls-under-way.ts';
import type { Identity } from './identity.ts';
import type { ListingTracker } from './listings.ts';
import type { RegisterAccesses } from './register-accesses.ts';
import type { Stability } from './stability.ts';
import type { WindowTracker } from './windows.ts';

interface Parts {
  readonly events: EventColumns;
  readonly calls: Calls;
  readonly state: StateStore;
  readonly topology: Topology;
  readonly machine: Machine;
  readonly bench: RuleBench;
  readonly identity: Identity;
  readonly registers: RegisterAccesses;
  readonly windows: WindowTracker;
  readonly listings: ListingTracker | null;
  readonly stability: Stability;
  readonly underWay: CallsUnderWay;
  /** A log of the hardware lies on the common time: it shows what the kernel's traces do not. */
  readonly hardwareGoesOn: boolean;
}

/** Where the recording does not tell what happened, and what is no longer known from there on. */
export class Gaps {
  /** ATS calls whose event names no device. */
  unnamedCalls = 0;
  /** How often one trace was over before the next began. */
  pauses = 0;
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Events were lost. */
  loss(row: number): void {
    const { topology, machine } = this.parts;
    for (const fn of topology.inForce()) machine.forgetAll(fn, row);
    this.forgetWhatIsOpen();
  }

  /** A trace is over and the next one has not begun: anything may have happened, but for what a log of the hardware shows. */
  pause(row: number): void {
    const { topology, machine, hardwareGoesOn } = this.parts;
    this.pauses++;
    for (const fn of topology.inForce()) {
      if (hardwareGoesOn) machine.forgetAllButHardware(fn, row);
      else machine.forgetAll(fn, row);
    }
    this.forgetWhatIsOpen();
  }

  /** A log of several boots tells one story after the other. Beside a trace nothing says which of them the trace is. */
  boot(): void {
    const { calls, identity, listings } = this.parts;
    if (calls.length > 0) return;
    identity.restart();
    this.forgetWhatIsOpen();
    listings?.restart();
  }

  /** What the kernel does from here on is unknown; the log of the hardware goes on. */
  kernelEnds(row: number): void {
    const { topology, machine, stability } = this.parts;
    for (const fn of topology.inForce()) machine.forgetKernel(fn, row);
    stability.clear();
  }

  /** An ATS call of an unnamed function may have been of any whose known state fits it. */
  unnamedCall(row: number): void {
    const { events, calls, state, topology, machine } = this.parts;
    if (events.phase[row] === RETURN && calls.enter[calls.callOf[row]] >= 0) return;
    this.unnamedCalls++;
    const clashes = (known: number, shown: number) =>
      known !== UNKNOWN && shown !== UNKNOWN && known !== (shown ? 1 : 0);
    for (const fn of topology.inForce()) {
      if (clashes(fn.isVf, events.isVf(row))) continue;
      if (events.phase[row] !== RETURN && clashes(state.get(fn.fn, CORE_EN), events.enabled[row])) continue;
      machine.forgetCalls(fn, row);
    }
  }

  private forgetWhatIsOpen(): void {
    const { underWay, registers, windows, bench, stability } = this.parts;
    underWay.forget();
    registers.forget();
    windows.forget();
    bench.forget();
    stability.clear();
  }
}
