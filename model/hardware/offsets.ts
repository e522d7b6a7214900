import {
  type CONFIG_ACCESSES,
  type PCI_FUNCTIONS,
  rowsOf,
  type SIMULATOR_EVENTS,
  type Table,
} from '../../tables/index.ts';
import type { EventColumns } from '../event-columns.ts';
import { UNKNOWN } from '../events.ts';
import { CAPABILITIES, type CapabilityName, learnCapabilities } from './capabilities.ts';

/** Where the capabilities of one function stand; UNKNOWN where nothing tells. */
export type Offsets = Record<CapabilityName, number>;

/** Offset of the ATS capability that a person named, of all functions (`function` is null) or of one. */
export interface NamedOffset {
  readonly function: string | null;
  readonly offset: number;
}

/** SR-IOV as a listing shows it: where VFs appear. */
export interface VfPlaces {
  readonly offset: number;
  readonly stride: number;
}

/**
 * What is known of config space, function by function, the most direct evidence first: what a person says, headers that
 * were read, a listing (lspci), and offsets that the kernel printed. Never guessed from another function.
 */
export class KnownOffsets {
  private readonly byFunction = new Map<string, Offsets>();
  readonly vfPlaces = new Map<string, VfPlaces>();
  private readonly general: number;

  constructor(
    accesses: Table<typeof CONFIG_ACCESSES>,
    simulatorEvents: Table<typeof SIMULATOR_EVENTS>,
    listing: Table<typeof PCI_FUNCTIONS>,
    events: EventColumns,
    named: readonly NamedOffset[],
  ) {
    this.general = named.find((one) => one.function === null)?.offset ?? UNKNOWN;
    for (const one of named) if (one.function) this.set(one.function.toLowerCase(), 'ats', one.offset);
    for (const [name, known] of learnCapabilities(accesses, simulatorEvents)) {
      for (const capability of CAPABILITIES) this.set(name, capability, known[capability]?.offset ?? UNKNOWN);
    }
    for (const row of rowsOf(listing)) {
      if (row.function === null) continue;
      this.set(row.function, 'ats', row.ats_cap_offset ?? UNKNOWN);
      this.set(row.function, 'pasid', row.pasid_cap_offset ?? UNKNOWN);
      this.set(row.function, 'pri', row.pri_cap_offset ?? UNKNOWN);
      this.set(row.function, 'sriov', row.sriov_cap_offset ?? UNKNOWN);
      if (row.sriov_offset !== null && row.sriov_stride !== null && row.sriov_num_vfs)
        this.vfPlaces.set(row.function, { offset: row.sriov_offset, stride: row.sriov_stride });
    }
    for (let row = 0; row < events.length; row++) {
      const cap = events.cap[row];
      if (cap > 0 && events.device[row] >= 0) this.set(events.names.get(events.device[row]), 'ats', cap);
    }
  }

  /** Offsets of a function; null when nothing is known of it. */
  of(address: string): Offsets | null {
    const known = this.byFunction.get(address);
    if (this.general === UNKNOWN || (known && known.ats !== UNKNOWN)) return known ?? null;
    return { ...(known ?? NOTHING), ats: this.general };
  }

  private set(address: string, capability: CapabilityName, offset: number): void {
    if (offset === UNKNOWN) return;
    let known = this.byFunction.get(address);
    if (!known) {
      known = { ...NOTHING };
      this.byFunction.set(address, known);
    }
    if (known[capability] === UNKNOWN) known[capability] = offset;
  }
}

const NOTHING = Object.fromEntries(CAPABILITIES.map((name) => [name, UNKNOWN])) as Offsets;
