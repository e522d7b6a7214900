import type { EventColumns } from '../event-columns.ts';
import { KIND, UNKNOWN } from '../events.ts';
import type { ListedFunction } from '../lift/lspci.ts';
import { CORE_EN, CORE_STU, HW_EN, HW_STU, type StateStore } from '../state.ts';
import type { FunctionRecord, Topology } from '../topology.ts';
import type { RuleBench } from './bench.ts';
import { type ListingInput, SAY_WHEN, stuText } from './listings.ts';
import type { TransitionLog, TransitionReader } from './transition-log.ts';

/** What of ATS Control is compared. */
type Part = 'enable' | 'stu';

/** More questions of one kind than these say nothing new. */
const MOST = 20;

const RECORD_BETWEEN =
  'Record pci_enable_ats(), pci_disable_ats() and the config writes between the two: atscope capture > atscope-capture; sh atscope-capture run -- COMMAND.';

/** After the replay: what listings show that no record explains, and what those of unknown time may contradict. */
export class ListingQuestions {
  private readonly input: ListingInput;
  private readonly events: EventColumns;
  private readonly state: StateStore;
  private readonly topology: Topology;
  private readonly bench: RuleBench;
  /** Values that records (not listings) show, by address and part. */
  private readonly shown = new Map<string, Set<number>>();

  constructor(
    input: ListingInput,
    events: EventColumns,
    state: StateStore,
    topology: Topology,
    bench: RuleBench,
    transitions: TransitionLog,
  ) {
    this.input = input;
    this.events = events;
    this.state = state;
    this.topology = topology;
    this.bench = bench;
    for (const change = transitions.read(); change.next(); ) this.collect(change);
  }

  ask(): void {
    this.askChanges();
    for (const listed of this.input.listings.functions) this.askUndated(listed);
  }

  private collect({ event, fn, field, to }: TransitionReader): void {
    if (to === UNKNOWN || this.events.kind[event] === KIND['listing.control']) return;
    const { address } = this.topology.at(fn);
    if (field === HW_EN || field === CORE_EN) this.valuesOf(address, 'enable').add(to);
    else if (field === HW_STU) this.valuesOf(address, 'stu').add(to);
    else if (field === CORE_STU && to !== 0) this.valuesOf(address, 'stu').add((to - 12) & 31);
  }

  private valuesOf(address: string, part: Part): Set<number> {
    const key = `${address} ${part}`;
    const values = this.shown.get(key) ?? new Set();
    this.shown.set(key, values);
    return values;
  }

  /** Two listings differ and no record shows who changed the register. */
  private askChanges(): void {
    const last = new Map<string, ListedFunction>();
    let asked = 0;
    for (const listed of this.input.listings.functions) {
      if (listed.control < 0) continue;
      const before = last.get(listed.address);
      last.set(listed.address, listed);
      if (!before || !this.changed(before, listed) || asked++ >= MOST) continue;
      this.bench.question(
        'listings-differ',
        `ATS Control of ${listed.address} changed from ${controlText(before)} in ${this.nameOf(before)} to ${controlText(listed)} in ${this.nameOf(listed)}${this.usersText(listed)}, and nothing recorded shows who changed it: the kernel, or something behind its back.`,
        RECORD_BETWEEN,
      );
    }
    if (asked > MOST) {
      this.bench.question(
        'listings-differ',
        `ATS Control of ${asked - MOST} more functions differs between the listings.`,
        RECORD_BETWEEN,
      );
    }
  }

  private changed(before: ListedFunction, after: ListedFunction): boolean {
    return (['enable', 'stu'] as const).some((part) => {
      if (before[part] === UNKNOWN || after[part] === UNKNOWN || before[part] === after[part]) return false;
      // The order in which they were given may not be that in which they were taken: either value is explained.
      const shown = this.valuesOf(after.address, part);
      return !shown.has(before[part]) && !shown.has(after[part]);
    });
  }

  /** VFs that translate by the unit of a PF whose STU changed. */
  private usersText(listed: ListedFunction): string {
    const { functions, vfs } = this.input.listings;
    const own = vfs.get(listed.address) ?? [];
    const on = functions.filter(
      (other) =>
        other.source === listed.source &&
        other.snapshot === listed.snapshot &&
        other.enable === 1 &&
        own.includes(other.address),
    );
    return on.length === 0 ? '' : `, while ${on.map((vf) => vf.address).join(', ')} have ATS on`;
  }

  /** A listing of unknown time against what the recording knows. */
  private askUndated(listed: ListedFunction): void {
    if (listed.control < 0 || this.relationOf(listed) !== 'concurrent') return;
    const fn = this.topology.find(listed.address);
    if (!fn) return;
    for (const part of ['enable', 'stu'] as const) {
      const value = listed[part];
      if (value === UNKNOWN || (part === 'stu' && fn.isVf !== 0)) continue;
      const shown = this.valuesOf(listed.address, part);
      if (shown.size === 0) continue;
      if (!shown.has(value)) {
        this.bench.question(
          'listing-never-fits',
          `${this.nameOf(listed)} shows ${listed.address} with ${partText(part, value)}, and nowhere in the recording has it that: the listing was taken before the recording began, or register and core disagree.`,
          SAY_WHEN,
        );
      } else if (this.isLast(listed) && this.isThereAtTheEnd(listed)) {
        const final = this.finalOf(fn, part);
        if (final === UNKNOWN || final === value) continue;
        this.bench.question(
          'listing-fits-earlier-only',
          `${this.nameOf(listed)} shows ${listed.address} with ${partText(part, value)}, and the recording ends with ${partText(part, final)}: the listing was taken earlier, or register and core disagree.`,
          SAY_WHEN,
        );
      }
    }
  }

  private finalOf(fn: FunctionRecord, part: Part): number {
    const { state } = this;
    if (part === 'enable') {
      const hw = state.get(fn.fn, HW_EN);
      return hw === UNKNOWN ? state.get(fn.fn, CORE_EN) : hw;
    }
    const hw = state.get(fn.fn, HW_STU);
    const shift = state.get(fn.fn, CORE_STU);
    if (hw !== UNKNOWN) return hw;
    return shift === UNKNOWN || shift === 0 ? UNKNOWN : (shift - 12) & 31;
  }

  /** The last listing given is the likeliest to have been taken last. */
  private isLast(listed: ListedFunction): boolean {
    const last = this.input.listings.functions.at(-1);
    return last?.source === listed.source && last.snapshot === listed.snapshot;
  }

  /** Everything the snapshot lists is still there when the recording ends. */
  private isThereAtTheEnd(own: ListedFunction): boolean {
    return this.input.listings.functions.every((listed) => {
      if (listed.source !== own.source || listed.snapshot !== own.snapshot) return true;
      return !this.topology.find(listed.address)?.removing;
    });
  }

  private relationOf(listed: ListedFunction): string | undefined {
    return this.input.relations[listed.source]?.relation;
  }

  private nameOf(listed: ListedFunction): string {
    const path = this.input.paths[listed.source];
    const several = this.input.listings.functions.some(
      (other) => other.source === listed.source && other.snapshot !== listed.snapshot,
    );
    return several ? `listing ${listed.snapshot + 1} of ${path}` : path;
  }
}

function partText(part: Part, value: number): string {
  return part === 'enable' ? `Enable ${value}` : stuText(value);
}

function controlText({ enable, stu }: ListedFunction): string {
  return stu === UNKNOWN ? `Enable ${enable}` : `Enable ${enable}, ${stuText(stu)}`;
}
