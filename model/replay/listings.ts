import type { EventColumns } from '../event-columns.ts';
import { KIND, UNKNOWN } from '../events.ts';
import type { Listings } from '../lift/lspci.ts';
import type { ClockRelation } from '../order.ts';
import { LOOKS } from '../rules/index.ts';
import { sizeText } from '../rules/text.ts';
import { CORE_CAP, CORE_EN, CORE_STU, HW_EN, HW_STU, type StateStore } from '../state.ts';
import type { FunctionRecord, Topology } from '../topology.ts';
import type { RuleBench } from './bench.ts';
import type { RegisterAccesses } from './register-accesses.ts';

export interface ListingInput {
  readonly listings: Listings;
  readonly relations: readonly ClockRelation[];
  /** Path of each source. */
  readonly paths: readonly string[];
}

/** How to say when a listing was taken. */
export const SAY_WHEN = 'Say when it was taken: --taken FILE=before or --taken FILE=after.';

/**
 * What listings of the hardware contribute to the replay. What a function is (its capability, the PF of a VF) holds for
 * as long as it lives, whenever the listing was taken. What its register held is taken over where the listing stands
 * before or after the recording:
 * - before it, until a record shows the function otherwise: then something happened between listing and recording;
 * - after it, where the recording would have shown how the register came to differ.
 */
export class ListingTracker {
  private readonly input: ListingInput;
  private readonly events: EventColumns;
  private readonly state: StateStore;
  private readonly topology: Topology;
  private readonly bench: RuleBench;
  private readonly registers: RegisterAccesses;
  /** Functions whose register is known from a listing before the recording only. */
  private readonly provisional = new Set<number>();
  /** Whether a snapshot can stand where it is said to, by source and number. */
  private readonly fitting = new Map<string, boolean>();

  private noAtsEvent = -1;

  constructor(
    input: ListingInput,
    events: EventColumns,
    state: StateStore,
    topology: Topology,
    bench: RuleBench,
    registers: RegisterAccesses,
  ) {
    this.input = input;
    this.events = events;
    this.state = state;
    this.topology = topology;
    this.bench = bench;
    this.registers = registers;
  }

  /** `pci=noats`: the core looks for no capability. */
  noAts(row: number): void {
    this.noAtsEvent = row;
    for (const fn of this.topology.functions) this.withoutAts(fn);
  }

  /** The machine starts again. */
  restart(): void {
    this.noAtsEvent = -1;
  }

  private withoutAts(fn: FunctionRecord): void {
    if (!this.state.isKnown(fn.fn, CORE_CAP)) this.state.set(fn.fn, CORE_CAP, 0, this.noAtsEvent, 'observed');
  }

  /** A function appears in the replay: what listings say of its nature holds from here. */
  opened(fn: FunctionRecord): void {
    const { natures, vfs } = this.input.listings;
    if (this.noAtsEvent >= 0) this.withoutAts(fn);
    const nature = natures.get(fn.address);
    if (nature) {
      if (nature.capability > 0) fn.capOffset = nature.capability;
      fn.sriovOffset = nature.sriov;
      if (nature.capability === 0) this.state.set(fn.fn, CORE_CAP, 0, nature.event, 'observed');
      fn.isVf = nature.isVf;
      const pf = nature.pf && this.topology.find(nature.pf);
      if (pf) this.topology.link(fn, pf, nature.vfIndex);
    }
    for (const address of vfs.get(fn.address) ?? []) {
      const vf = this.topology.find(address);
      if (!vf || vf.isVf === 0) continue;
      const index = natures.get(address)?.vfIndex ?? -1;
      // Until something happens to a VF, a listing is all that is known of it, and that holds for any generation of its PF.
      if (vf.fresh) this.topology.relink(vf, fn, index);
      else this.topology.link(vf, fn, index);
    }
  }

  /** ATS Control of a function as a listing shows it. */
  control(fn: FunctionRecord, row: number): void {
    const { events, bench } = this;
    const value = this.registers.read(fn, row);
    if (!value) return;
    if (value.stu !== UNKNOWN) bench.each(LOOKS.onRead, fn, row, value.stu);
    const relation = this.input.relations[events.source[row]]?.relation;
    if (relation !== 'before' && relation !== 'after') return;
    if (relation === 'after' && !this.mayFollow(fn, row, value.enable)) return;
    if (events.index[row] !== UNKNOWN) fn.probed = true;
    bench.each(LOOKS.onShown, fn, row, value.enable);
    this.registers.take(fn, row, value.enable, value.stu, 'observed');
    if (relation === 'before') this.provisional.add(fn.fn);
  }

  /** A record showed the state of a function: a listing from before the recording yields to it. */
  reconcile(fn: FunctionRecord, row: number): void {
    if (this.provisional.size === 0 || !this.provisional.has(fn.fn)) return;
    const { state } = this;
    const en = state.get(fn.fn, CORE_EN);
    const shift = state.get(fn.fn, CORE_STU);
    const stale = [
      ...(en !== UNKNOWN && this.differs(fn, HW_EN, en) ? [HW_EN] : []),
      ...(shift !== UNKNOWN && shift !== 0 && this.differs(fn, HW_STU, (shift - 12) & 31) ? [HW_STU] : []),
    ];
    for (const field of stale) this.yields(fn, field, row);
    if (en !== UNKNOWN) this.provisional.delete(fn.fn);
  }

  private differs(fn: FunctionRecord, field: number, value: number): boolean {
    const listed = this.events.kind[this.state.setBy(fn.fn, field)] === KIND['listing.control'];
    return listed && this.state.get(fn.fn, field) !== value;
  }

  private yields(fn: FunctionRecord, field: number, row: number): void {
    const listed = this.state.get(fn.fn, field);
    const path = this.pathOf(this.state.setBy(fn.fn, field));
    this.bench.remark(
      'listing-outdated',
      `${path} shows ${fn.address} with ${field === HW_EN ? `Enable ${listed}` : stuText(listed)}, and the first record of the function has it otherwise: it changed in between, or register and core disagree.`,
      'Take the listing right before the recording begins; atscope-capture does.',
    );
    this.state.set(fn.fn, field, UNKNOWN, row, 'lost');
  }

  /** Whether what a listing from after the recording shows can be held against what the recording left. */
  private mayFollow(fn: FunctionRecord, row: number, enable: number): boolean {
    if (!this.fits(row)) return false;
    const core = this.state.get(fn.fn, CORE_EN);
    if (core === UNKNOWN || core === enable) return true;
    const { bench } = this;
    const change = enable === 1 ? 'ats.enable' : 'ats.disable';
    if (bench.wasRecorded(change) || bench.showsControlWrites(fn.fn)) return true;
    const symbol = enable === 1 ? 'pci_enable_ats()' : 'pci_disable_ats()';
    bench.question(
      'listing-after-unseen-change',
      `${this.pathOf(row)} shows ATS of ${fn.address} ${enable === 1 ? 'on' : 'off'}, the recording left it ${
        enable === 1 ? 'off' : 'on'
      }, and no ${symbol} of any function is in it: it was not probed, or register and core disagree.`,
      'Record with the kit, which probes all of them: atscope capture.',
    );
    return false;
  }

  /** False where the snapshot lists a function that the recording removed: it was taken at another time than said. */
  private fits(row: number): boolean {
    const { listings } = this.input;
    const own = listings.functions.find((listed) => listed.control === row);
    if (!own) return false;
    const key = `${own.source} ${own.snapshot}`;
    let fits = this.fitting.get(key);
    if (fits === undefined) {
      const gone = listings.functions.find((listed) => {
        if (listed.source !== own.source || listed.snapshot !== own.snapshot) return false;
        return this.topology.find(listed.address)?.removing;
      });
      fits = !gone;
      this.fitting.set(key, fits);
      if (gone) {
        this.bench.remark(
          'listing-misplaced',
          `${this.pathOf(row)} lists ${gone.address}, which is gone at the end of the recording: it was not taken after it, so its registers were not compared.`,
          SAY_WHEN,
        );
      }
    }
    return fits;
  }

  private pathOf(event: number): string {
    return this.input.paths[this.events.source[event]];
  }
}

/** `STU 1 (page shift 13, 8 KiB)`. */
export function stuText(stu: number): string {
  return `STU ${stu} (page shift ${stu + 12}, ${sizeText(stu + 12)})`;
}
