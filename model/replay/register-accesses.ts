import { type Calls, taskKey } from '../calls.ts';
import { decodeControl } from '../control-register.ts';
import type { EventColumns } from '../event-columns.ts';
import { EVENT_KINDS, type EventKindName, KIND, kindMask, UNKNOWN } from '../events.ts';
import type { Observation } from '../observation.ts';
import type { ControlWrite } from '../rules/rule.ts';
import { CORE_EN, CORE_STU, HW_EN, HW_STU, type StateStore } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';

const RESTORE = KIND['ats.restore'];
const SRIOV_ENABLE = KIND['sriov.enable'];
const ATS_CALLS = kindMask('ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');
/** Which calls write Enable 0, and which Enable 1. */
const WRITERS: readonly (readonly EventKindName[])[] = [
  ['ats.prepare', 'ats.disable'],
  ['ats.enable', 'ats.restore'],
];

/** What reads of a device that is gone return, by their width. */
const ALL_ONES: ReadonlyMap<number, number> = new Map([
  [1, 0xff],
  [2, 0xffff],
  [4, -1],
]);

/** Where extended capabilities begin, and ATS Control within its own (include/uapi/linux/pci_regs.h). */
const EXTENDED_FROM = 0x100;
const ATS_CONTROL = 6;
/** SR-IOV Control and NumVFs within theirs (PCI_SRIOV_CTRL, PCI_SRIOV_NUM_VF). */
const SRIOV_CONTROL = 8;
const NUM_VFS = 0x10;

/** Decodes accesses to ATS Control and tells who made them. */
export class RegisterAccesses {
  /** Where the last word was written while SR-IOV of a PF is switched on. */
  private readonly numVfsAt = new Map<number, number>();
  private readonly events: EventColumns;
  private readonly calls: Calls;
  private readonly state: StateStore;
  private readonly observation: Observation;
  /** Kinds of call of which only returns are recorded: a write inside one has no frame around it. */
  private readonly withoutEntry = new Uint8Array(KIND.loss + 1);
  /** ATS calls of which only the return is there, by task, in their order: the entry came before the recording. */
  private readonly lone = new Map<number, { readonly calls: number[]; next: number }>();
  private readonly positions: Int32Array;
  /** Restores under way that have written nothing so far. */
  private readonly silent = new Set<number>();

  /** @param positions place of each event in the replay. */
  constructor(
    events: EventColumns,
    calls: Calls,
    state: StateStore,
    positions: Int32Array,
    observation: Observation,
  ) {
    this.events = events;
    this.calls = calls;
    this.state = state;
    this.positions = positions;
    this.observation = observation;
    const entered = new Uint8Array(KIND.loss + 1);
    for (let call = 0; call < calls.length; call++) {
      const kind = calls.kind[call];
      if (calls.enter[call] >= 0) {
        entered[kind] = 1;
        continue;
      }
      this.withoutEntry[kind] = 1;
      if (!ATS_CALLS[kind]) continue;
      const task = taskKey(events, calls.exit[call]);
      const known = this.lone.get(task);
      if (known) known.calls.push(call);
      else this.lone.set(task, { calls: [call], next: 0 });
    }
    for (let kind = 0; kind < entered.length; kind++) if (entered[kind]) this.withoutEntry[kind] = 0;
  }

  /** The write as it touches ATS Control, or null when it does not, or when the place of the register is unknown. */
  write(fn: FunctionRecord, row: number, fromUser: boolean): ControlWrite | null {
    const { events } = this;
    const by = fromUser ? -1 : this.writtenBy(fn, row);
    if (by >= 0) this.learnPlace(fn, row);
    const value = decodeControl(fn.capOffset, events.where[row], events.width[row], events.value[row]);
    if (!value) return null;
    return {
      fn,
      event: row,
      enable: value.enable,
      stu: value.stu,
      by,
      fromUser,
      behindCore: by < 0 && (fromUser || this.isBehindCore(fn, value.enable, value.stu)),
    };
  }

  /**
   * Prepare, enable, disable and restore write one register, ATS Control, as a word (drivers/pci/ats.c, 6.1 to 7.2).
   * Where probes cannot print the capability, as before 6.6, that write shows where it is.
   */
  private learnPlace(fn: FunctionRecord, row: number): void {
    const { where, width } = this.events;
    if (fn.capOffset !== UNKNOWN || width[row] !== 2 || where[row] < EXTENDED_FROM + ATS_CONTROL) return;
    fn.capOffset = where[row] - ATS_CONTROL;
  }

  /**
   * Where the SR-IOV capability of a PF is: `sriov_enable()` writes NumVFs, as a word, and then VF Enable, as a word eight bytes
   * in front of it (drivers/pci/iov.c, 6.1 to 7.3).
   */
  learnSriov(fn: FunctionRecord, row: number): void {
    const { events, calls } = this;
    if (fn.sriovOffset !== UNKNOWN || events.width[row] !== 2) return;
    if (calls.kind[calls.callOf[row]] !== SRIOV_ENABLE) return;
    const at = events.where[row];
    if (this.numVfsAt.get(fn.fn) === at + NUM_VFS - SRIOV_CONTROL && (events.value[row] & 1) === 1)
      fn.sriovOffset = at - SRIOV_CONTROL;
    this.numVfsAt.set(fn.fn, at);
  }

  /** What the hardware holds after a write or a read. STU bits written to a VF do not stick. */
  take(fn: FunctionRecord, row: number, enable: number, stu: number, origin: 'write' | 'observed'): void {
    if (enable !== UNKNOWN) this.state.set(fn.fn, HW_EN, enable, row, origin);
    if (stu !== UNKNOWN && fn.isVf === 0) this.state.set(fn.fn, HW_STU, stu, row, origin);
  }

  /** The call of the core that makes a write of the kernel, or -1. */
  private writtenBy(fn: FunctionRecord, row: number): number {
    const around = this.atsCallAround(row, fn);
    return around >= 0 ? around : this.returnsNext(row, fn);
  }

  /** The value that a read returned; null when it tells nothing of ATS Control, or when the device is gone (all ones). */
  read(fn: FunctionRecord, row: number): { enable: number; stu: number } | null {
    const { events } = this;
    const ones = ALL_ONES.get(events.width[row]) ?? 0xffff;
    if ((events.value[row] & ones) === ones) return null;
    return decodeControl(fn.capOffset, events.where[row], events.width[row], events.value[row]);
  }

  /** The open prepare, enable, disable or restore of this function on the task that writes, or -1. */
  private atsCallAround(row: number, fn: FunctionRecord): number {
    const { calls } = this;
    const call = calls.within(calls.callOf[row], ATS_CALLS);
    if (call < 0) return -1;
    const device = this.events.device[calls.enter[call]];
    return device < 0 || this.events.names.get(device) === fn.address ? call : -1;
  }

  /** The next return of the task, where its entry is not recorded and it is about this function: the write is part of it. */
  private returnsNext(row: number, fn: FunctionRecord): number {
    const lone = this.lone.get(taskKey(this.events, row));
    if (!lone) return -1;
    const { calls, events, positions } = this;
    while (lone.next < lone.calls.length && positions[calls.exit[lone.calls[lone.next]]] < positions[row])
      lone.next++;
    const call = lone.calls[lone.next] ?? -1;
    if (call < 0) return -1;
    return events.nameOf(events.device[calls.exit[call]]) === fn.address ? call : -1;
  }

  /**
   * True when no function of the core can have made the write: each that writes such a value is recorded and was not
   * open. Restore writes exactly what the core believes, so another value is not its work even when it is not recorded.
   */
  isBehindCore(fn: FunctionRecord, enable: number, stu: number): boolean {
    if (enable === UNKNOWN) return false;
    if (enable === 0) return this.hasFrames('ats.disable') && this.hasFrames('ats.prepare');
    const shift = this.state.get(fn.fn, CORE_STU);
    const asBelieved = shift === UNKNOWN || stu === UNKNOWN || fn.isVf !== 0 || stu === ((shift - 12) & 31);
    return this.hasFrames('ats.enable') && (this.hasFrames('ats.restore') || !asBelieved);
  }

  /**
   * Takes a write that some function of the core has made whose entry is not recorded: it leaves the core as such a write
   * does. Where the returns of that function are recorded, its return is still to come and will tell.
   */
  teach({ fn, event, enable, stu, by, behindCore }: ControlWrite): void {
    const { calls } = this;
    if (behindCore || (by >= 0 && calls.enter[by] >= 0)) return;
    const width = this.events.width[event];
    // The core writes the register as a word, and nothing beside it.
    if (enable === UNKNOWN || stu === UNKNOWN || (width !== 2 && width !== UNKNOWN)) return;
    const writers =
      by >= 0 ? [EVENT_KINDS[calls.kind[by]].name] : WRITERS[enable].filter((kind) => !this.hasFrames(kind));
    const isOpen = by >= 0 || writers.some((kind) => this.withoutEntry[KIND[kind]]);
    const set = (field: number, value: number) =>
      this.state.set(fn.fn, field, isOpen ? UNKNOWN : value, event, isOpen ? 'lost' : 'learned');
    set(CORE_EN, enable);
    if (enable === 0 && !writers.includes('ats.prepare')) return;
    if (enable === 0) fn.mayBePrepared = true;
    if (fn.isVf === 0) set(CORE_STU, stu + 12);
  }

  /**
   * A restore writes ATS Control when the core has ATS on, and does nothing else (contract 3.5): a write inside one shows
   * the state of a core of which nothing was known.
   */
  teachRestore({ fn, event, enable, stu, by }: ControlWrite): void {
    const { calls, state } = this;
    if (calls.kind[by] !== RESTORE) return;
    this.silent.delete(by);
    if (enable !== 1) return;
    if (!state.isKnown(fn.fn, CORE_EN)) state.set(fn.fn, CORE_EN, 1, event, 'learned');
    if (fn.isVf === 0 && stu !== UNKNOWN && !state.isKnown(fn.fn, CORE_STU))
      state.set(fn.fn, CORE_STU, stu + 12, event, 'learned');
  }

  /** A restore begins. */
  restoreBegins(call: number): void {
    if (this.calls.kind[call] === RESTORE) this.silent.add(call);
  }

  /** A restore is over: without a write, where one would have been seen, the core has ATS off. */
  restoreEnds(fn: FunctionRecord, call: number, event: number, showsWrites: boolean): void {
    if (this.silent.delete(call) && showsWrites && !this.state.isKnown(fn.fn, CORE_EN))
      this.state.set(fn.fn, CORE_EN, 0, event, 'learned');
  }

  /** Lost events: a restore under way may have written. */
  forget(): void {
    this.silent.clear();
  }

  /** Calls of the kind are recorded from their entry on. */
  private hasFrames(kind: EventKindName): boolean {
    return this.observation.wouldShow(kind) && this.withoutEntry[KIND[kind]] === 0;
  }
}
