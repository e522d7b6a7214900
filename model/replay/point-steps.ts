import { decodeVfEnable } from '../control-register.ts';
import type { EventColumns } from '../event-columns.ts';
import { EVENT_KINDS, KIND, UNKNOWN } from '../events.ts';
import type { Order } from '../order.ts';
import { LOOKS, POINT_LOOKS } from '../rules/index.ts';
import { CORE_CAP, CORE_SUPPORTED, type StateStore } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import type { RuleBench } from './bench.ts';
import type { CallSteps } from './call-steps.ts';
import { PORT_KINDS } from './links.ts';
import type { ListingTracker } from './listings.ts';
import type { Lives } from './lives.ts';
import type { RegisterAccesses } from './register-accesses.ts';

const INVALIDATE = KIND.invalidate;
const WRITE = KIND['config.write'];
const USER_WRITE = KIND['config.write_user'];
const READ = KIND['config.read'];
const ASSIGN = KIND['cachetag.assign'];
const UNASSIGN = KIND['cachetag.unassign'];
const GROUP_REMOVE = KIND['iommu.group_remove'];
const QUIRK = KIND['log.quirk'];
const NO_ATS = KIND['log.noats'];
const LISTED_CONTROL = KIND['listing.control'];
const LOG_GROUP_REMOVE = KIND['log.group_remove'];
/** `type` of a cache tag of the device's own TLB (drivers/iommu/intel/iommu.h). */
const DEVICE_TLB = 1;

interface Parts {
  readonly events: EventColumns;
  readonly order: Order;
  readonly state: StateStore;
  readonly bench: RuleBench;
  readonly registers: RegisterAccesses;
  readonly lives: Lives;
  readonly listings: ListingTracker | null;
  readonly callSteps: CallSteps;
}

/** Events that are no call: accesses to registers, tracepoints, records of the log. */
export class PointSteps {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  take(fn: FunctionRecord, row: number): void {
    const { events, listings, callSteps } = this.parts;
    const kind = events.kind[row];
    if (kind === WRITE || kind === USER_WRITE) this.onWrite(fn, row, kind === USER_WRITE);
    else if (kind === READ) this.onRead(fn, row);
    else if (kind === ASSIGN || kind === UNASSIGN) this.onTag(fn, row);
    else if (kind === LISTED_CONTROL) listings?.control(fn, row);
    else if (kind === GROUP_REMOVE) callSteps.beginRelease(fn, row, true);
    this.takeAnywhere(fn, row);
  }

  /** What an event tells whether or not it names a function. */
  takeAnywhere(fn: FunctionRecord | null, row: number): void {
    const { events, bench, listings } = this.parts;
    const kind = events.kind[row];
    const { name } = EVENT_KINDS[kind];
    bench.each(POINT_LOOKS[kind], name, fn, row);
    if (kind === NO_ATS) listings?.noAts(row);
    if (!fn) return;
    if (PORT_KINDS[kind]) bench.links.take(fn, row);
    if (kind === QUIRK) this.onQuirk(fn, row);
    if (kind === LOG_GROUP_REMOVE) fn.probed = false;
    if (kind === INVALIDATE) bench.expectations.used(fn.fn, row);
  }

  /** Earlier answers of the support test no longer hold, neither for the function nor for its VFs. */
  forgetAnswers(fn: FunctionRecord, row: number): void {
    for (const id of [fn.fn, ...fn.vfs]) this.parts.state.set(id, CORE_SUPPORTED, UNKNOWN, row, 'learned');
  }

  private onWrite(fn: FunctionRecord, row: number, fromUser: boolean): void {
    const { bench, events, lives, registers } = this.parts;
    const { where, width, value } = events;
    registers.learnSriov(fn, row);
    if (decodeVfEnable(fn.sriovOffset, where[row], width[row], value[row]) === 0)
      lives.vfEnableCleared(fn, row);
    const write = registers.write(fn, row, fromUser);
    if (!write) return;
    bench.each(LOOKS.onWrite, write);
    registers.take(fn, row, write.enable, write.stu, 'write');
    registers.teach(write);
    registers.teachRestore(write);
    if (write.enable === 1) lives.windows.enabledAgain(fn);
  }

  private onRead(fn: FunctionRecord, row: number): void {
    const { bench, registers } = this.parts;
    const read = registers.read(fn, row);
    if (!read) return;
    if (read.stu !== UNKNOWN) bench.each(LOOKS.onRead, fn, row, read.stu);
    bench.each(LOOKS.onShown, fn, row, read.enable);
    registers.take(fn, row, read.enable, read.stu, 'observed');
  }

  private onTag(fn: FunctionRecord, row: number): void {
    const { events, bench, callSteps } = this.parts;
    if (events.index[row] !== DEVICE_TLB) return;
    callSteps.tagged(fn, row);
    bench.each(LOOKS.onBelief, fn, row);
  }

  private onQuirk(fn: FunctionRecord, row: number): void {
    if (!this.parts.order.timed[row]) return;
    this.parts.state.set(fn.fn, CORE_CAP, 0, row, 'observed');
    this.forgetAnswers(fn, row);
  }
}
