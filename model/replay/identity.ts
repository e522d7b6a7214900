import type { Calls } from '../calls.ts';
import type { EventColumns } from '../event-columns.ts';
import { ENTER, HARDWARE_KINDS, KIND, kindMask, RETURN, UNKNOWN } from '../events.ts';
import type { Machine } from '../machine.ts';
import type { Observation } from '../observation.ts';
import { CORE_STU, type StateStore } from '../state.ts';
import type { FunctionRecord, Topology } from '../topology.ts';

/** Messages of the kernel log that tell nothing of the state of a function. */
const LOG_REMARKS = [
  'log.other_fault',
  'log.invalidation_error',
  'log.descriptor',
  'log.no_support',
  'log.sriov',
  'log.device_add',
  'log.reset',
  'log.power',
  'log.aer',
  'log.link_down',
  'log.link_up',
  'log.bridge',
] as const;
/** Kinds that may come before the core has looked for capabilities; a zero offset means nothing there. */
const BEFORE_DISCOVERY = kindMask(
  'config.write',
  'config.write_user',
  'config.read',
  'hw.write',
  'hw.read',
  'hw.vf_on',
  'hw.gone',
  'hw.reset',
  'device.add',
  'device.remove',
  'vf.remove',
  'listing.function',
  'listing.control',
  ...LOG_REMARKS,
);
/** Kinds whose STU is that of the register. */
const LISTED = kindMask('listing.function', 'listing.control');
/** Kinds that show a function to be in use again after it was released. */
const NEW_LIFE = kindMask('device.add', 'ats.init', 'iommu.probe', 'ats.prepare', 'hw.vf_on');
/** Kinds that show that an IOMMU driver has probed a function. */
const PROBED = kindMask(
  'iommu.probe',
  'iommu.group_add',
  'iommu.attach',
  'iommu.attached',
  'log.group_add',
  // Nobody else prepares, enables or disables ATS.
  'ats.prepare',
  'ats.enable',
  'ats.disable',
);
const VF_ADD = kindMask('vf.add');
const DEVICE_ADD = KIND['device.add'];
const ATS_INIT = KIND['ats.init'];
const VF_ON = KIND['hw.vf_on'];
/** Kinds that may come before a device is added. */
const KEEPS_FRESH = kindMask(
  'config.write',
  'config.read',
  'listing.function',
  'listing.control',
  ...LOG_REMARKS,
);

export interface IdentityEvents {
  /** A generation begins. */
  opened(fn: FunctionRecord): void;
  /** A generation is over because the address is used again. */
  ended(fn: FunctionRecord, row: number): void;
  /** The address is used again although its last function was not seen to leave. */
  reused(fn: FunctionRecord, row: number): void;
}

/**
 * Sources in which each VF that is added would be seen inside the call that adds it. Another trace beside them may have had no
 * probe on that call.
 */
function sourcesThatSeeVfsAdded(
  events: EventColumns,
  calls: Calls,
  observation: Observation,
): (source: number) => boolean {
  if (!observation.wouldShow('vf.add') || observation.wouldShow('loss')) return () => false;
  const sources = new Set<number>();
  for (let call = 0; call < calls.length; call++) {
    if (!VF_ADD[calls.kind[call]]) continue;
    // It began before the recording: so may the adding of what stands inside it.
    if (calls.enter[call] < 0) return () => false;
    sources.add(events.source[calls.enter[call]]);
  }
  // Without a call, a list of the probes of every trace says that there would have been one.
  return sources.size === 0 ? () => true : (source) => sources.has(source);
}

/** Tells which function an event is about: the address, its generation, and the PF of a VF. */
export class Identity {
  private readonly events: EventColumns;
  private readonly calls: Calls;
  private readonly topology: Topology;
  private readonly state: StateStore;
  private readonly machine: Machine;
  private readonly observation: Observation;
  private readonly on: IdentityEvents;
  /** Whether each VF that is added would be seen inside the call that adds it, in a source. */
  private readonly seesVfsAdded: (source: number) => boolean;
  /** The generation in force, by the id of the device's name. */
  private readonly current: (FunctionRecord | undefined)[] = [];

  constructor(
    events: EventColumns,
    calls: Calls,
    topology: Topology,
    state: StateStore,
    machine: Machine,
    observation: Observation,
    on: IdentityEvents,
  ) {
    this.events = events;
    this.calls = calls;
    this.topology = topology;
    this.state = state;
    this.machine = machine;
    this.observation = observation;
    this.on = on;
    this.seesVfsAdded = sourcesThatSeeVfsAdded(events, calls, observation);
  }

  /** The machine starts again: every function is a new one. */
  restart(): void {
    this.current.length = 0;
  }

  /** The function of an event, made at its first event; null when the event names no device. */
  functionOf(row: number): FunctionRecord | null {
    const { events } = this;
    const device = this.deviceOf(row);
    if (device < 0) return null;
    const kind = events.kind[row];
    const enters = events.phase[row] === ENTER;
    let fn = this.current[device] ?? null;
    if (fn && this.beginsNewLife(fn, row)) fn = null;
    if (!fn) {
      fn = this.topology.open(events.names.get(device), row);
      this.current[device] = fn;
      this.state.addFunction(fn.fn);
      this.on.opened(fn);
    }
    fn.lastEvent = row;
    fn.events++;
    // The core looks for capabilities once in the life of a device, while it adds it.
    if ((kind === DEVICE_ADD && enters) || (kind === ATS_INIT && !fn.startSeen && this.begins(row))) {
      fn.startSeen = true;
      this.machine.appear(fn, row);
    }
    if (!BEFORE_DISCOVERY[kind] && !(kind === ATS_INIT && enters)) fn.discovered = true;
    if (HARDWARE_KINDS[kind]) {
      if (kind === VF_ON) this.linkInHardware(fn, row);
      return fn;
    }
    fn.byKernel = true;
    if (!KEEPS_FRESH[kind]) fn.fresh = false;
    if (PROBED[kind]) fn.probed = true;
    this.linkToPf(fn, row);
    return fn;
  }

  /** The function of an event has left its address: what comes next there is another one. */
  leave(row: number): void {
    this.current[this.events.device[row]] = undefined;
  }

  /** VF Enable of a PF made the function appear. */
  private linkInHardware(fn: FunctionRecord, row: number): void {
    fn.isVf = 1;
    fn.announced = true;
    const device = this.events.symbol[row];
    let pf = device < 0 ? undefined : this.current[device];
    if (!pf && device >= 0) {
      pf = this.topology.open(this.events.names.get(device), row);
      this.current[device] = pf;
      this.state.addFunction(pf.fn);
    }
    if (pf && pf !== fn) this.topology.link(fn, pf, this.events.index[row]);
  }

  /** One end of a call that does not name its device is about the device that the other end names. */
  private deviceOf(row: number): number {
    const { events } = this;
    const device = events.device[row];
    const phase = events.phase[row];
    if (device >= 0 || (phase !== RETURN && phase !== ENTER)) return device;
    const call = this.calls.callOf[row];
    const other = phase === RETURN ? this.calls.enter[call] : this.calls.exit[call];
    return other >= 0 ? events.device[other] : device;
  }

  private beginsNewLife(fn: FunctionRecord, row: number): boolean {
    const kind = this.events.kind[row];
    const phase = this.events.phase[row];
    if (fn.removing && NEW_LIFE[kind] && this.begins(row)) {
      this.on.ended(fn, row);
      return true;
    }
    const again =
      (kind === DEVICE_ADD && phase === ENTER && !fn.fresh) ||
      (kind === ATS_INIT && fn.discovered && this.begins(row)) ||
      this.startsFromNothing(fn, row);
    if (again) {
      this.on.ended(fn, row);
      this.on.reused(fn, row);
      return true;
    }
    return false;
  }

  /** No entry of the same call came before. */
  private begins(row: number): boolean {
    return this.events.phase[row] !== RETURN || this.calls.enter[this.calls.callOf[row]] < 0;
  }

  /**
   * Nothing ever clears `ats_stu` (contract 2.2): where it is gone and nobody records how devices appear, there is
   * another device at the address.
   */
  private startsFromNothing(fn: FunctionRecord, row: number): boolean {
    const kind = this.events.kind[row];
    if (HARDWARE_KINDS[kind] || LISTED[kind]) return false;
    if (this.events.stu[row] !== 0 || fn.isVf !== 0 || this.state.get(fn.fn, CORE_STU) <= 0) return false;
    return (
      this.begins(row) && !this.observation.wouldShow('device.add') && !this.observation.wouldShow('ats.init')
    );
  }

  /**
   * The PF of a VF, which `pci_iov_add_virtfn()` names while it adds the VF. Where probes cannot print `is_virtfn`, as before
   * 6.6, that call is also what tells VFs from other functions: nothing else adds one.
   */
  private linkToPf(fn: FunctionRecord, row: number): void {
    const { events, calls } = this;
    if (fn.pf >= 0) return;
    const isVf = fn.isVf === UNKNOWN ? events.isVf(row) : fn.isVf;
    const isAdded = events.kind[row] === DEVICE_ADD;
    if (isVf === 0 || (isVf === UNKNOWN && !isAdded)) return;
    const add = calls.within(calls.callOf[row], VF_ADD);
    const enter = add < 0 ? -1 : calls.enter[add];
    if (isVf === UNKNOWN && add < 0 && this.seesVfsAdded(events.source[row])) fn.isVf = 0;
    if (enter < 0) return;
    const device = events.device[enter];
    const pf = device >= 0 ? this.current[device] : null;
    if (!pf || pf === fn) return;
    const vfIndex = events.index[enter];
    this.topology.link(fn, pf, vfIndex === UNKNOWN ? -1 : vfIndex);
  }
}
