import type { Calls } from '../calls.ts';
import { decodeControl } from '../control-register.ts';
import type { EventColumns } from '../event-columns.ts';
import { kindMask, UNKNOWN } from '../events.ts';
import type { Observation } from '../observation.ts';
import type { ControlWrite } from '../rules/rule.ts';
import { CORE_STU, HW_EN, HW_STU, type StateStore } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';

const ATS_CALLS = kindMask('ats.prepare', 'ats.enable', 'ats.disable', 'ats.restore');

/** Where extended capabilities begin, and ATS Control within its own (include/uapi/linux/pci_regs.h). */
const EXTENDED_FROM = 0x100;
const ATS_CONTROL = 6;

/** Decodes accesses to ATS Control and tells who made them. */
export class RegisterAccesses {
  private readonly events: EventColumns;
  private readonly calls: Calls;
  private readonly state: StateStore;
  private readonly observation: Observation;

  constructor(events: EventColumns, calls: Calls, state: StateStore, observation: Observation) {
    this.events = events;
    this.calls = calls;
    this.state = state;
    this.observation = observation;
  }

  /** The write as it touches ATS Control, or null when it does not, or when the place of the register is unknown. */
  write(fn: FunctionRecord, row: number, fromUser: boolean): ControlWrite | null {
    const { events } = this;
    const by = this.atsCallAround(row, fn);
    if (by >= 0 && !fromUser) this.learnPlace(fn, row);
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

  /** What the hardware holds after a write or a read. STU bits written to a VF do not stick. */
  take(fn: FunctionRecord, row: number, enable: number, stu: number, origin: 'write' | 'observed'): void {
    if (enable !== UNKNOWN) this.state.set(fn.fn, HW_EN, enable, row, origin);
    if (stu !== UNKNOWN && fn.isVf === 0) this.state.set(fn.fn, HW_STU, stu, row, origin);
  }

  /** The value that a read returned; null when it tells nothing of ATS Control, or when the device is gone (all ones). */
  read(fn: FunctionRecord, row: number): { enable: number; stu: number } | null {
    const { events } = this;
    if ((events.value[row] & 0xffff) === 0xffff) return null;
    return decodeControl(fn.capOffset, events.where[row], events.width[row], events.value[row]);
  }

  /** The open prepare, enable, disable or restore of this function on the task that writes, or -1. */
  atsCallAround(row: number, fn: FunctionRecord): number {
    const { calls } = this;
    const inner = calls.callOf[row];
    const call = inner >= 0 && ATS_CALLS[calls.kind[inner]] ? inner : calls.enclosing(inner, ATS_CALLS);
    if (call < 0) return -1;
    const device = this.events.device[calls.enter[call] >= 0 ? calls.enter[call] : calls.exit[call]];
    return device < 0 || this.events.names.get(device) === fn.address ? call : -1;
  }

  /**
   * True when no function of the core can have made the write: each that writes such a value is recorded and was not
   * open. Restore writes exactly what the core believes, so another value is not its work even when it is not recorded.
   */
  isBehindCore(fn: FunctionRecord, enable: number, stu: number): boolean {
    if (enable === UNKNOWN) return false;
    if (enable === 0)
      return this.observation.wouldShow('ats.disable') && this.observation.wouldShow('ats.prepare');
    const shift = this.state.get(fn.fn, CORE_STU);
    const asBelieved = shift === UNKNOWN || stu === UNKNOWN || fn.isVf !== 0 || stu === ((shift - 12) & 31);
    return (
      this.observation.wouldShow('ats.enable') && (this.observation.wouldShow('ats.restore') || !asBelieved)
    );
  }
}
