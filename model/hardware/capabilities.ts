import {
  type CONFIG_ACCESSES,
  cellAt,
  columnOf,
  isNullAt,
  type SIMULATOR_EVENTS,
  type Table,
} from '../../tables/index.ts';

export const CAPABILITIES = ['ats', 'sriov', 'pri', 'pasid', 'pcie'] as const;
export type CapabilityName = (typeof CAPABILITIES)[number];

/** Where a capability stands and which record says so. */
export interface LearnedOffset {
  readonly offset: number;
  /** Number of the record (`config_accesses.seq`). */
  readonly seq: number;
  /** In words, for a person. */
  readonly how: string;
}

/**
 * Capabilities of one function as its config space shows them. NULL: not seen, or seen in two places (another device
 * took the address).
 */
export type LearnedCapabilities = Readonly<Record<CapabilityName, LearnedOffset | null>> & {
  /** `dddd:bb:dd.f` */
  readonly function: string;
  /** True where the list of extended capabilities was read to its end: what is NULL then is not there. */
  readonly whole: boolean;
};

/** Extended capabilities by id (include/uapi/linux/pci_regs.h PCI_EXT_CAP_ID_*). */
const EXTENDED = new Map<number, CapabilityName>([
  [0x0f, 'ats'],
  [0x10, 'sriov'],
  [0x13, 'pri'],
  [0x1b, 'pasid'],
]);
/** Of the first list only PCI Express matters: Device Control starts a function-level reset. */
const PCI_EXPRESS = 0x10;
const LIST_POINTER = 0x34;
const START = 0x100;
const END = 0x1000;

const hex = (number: number) => `0x${number.toString(16)}`;

/** Where headers stand, as far as the reads of one function tell. */
class Walk {
  /** Offsets at which a header of an extended capability is known to stand: the start and what others point to. */
  readonly expected = new Set([START]);
  /** Extended headers read, by offset. */
  readonly headers = new Map<number, number>();
  /** The same for the first list, whose start must be read. */
  private readonly expectedFirst = new Set<number>();
  readonly found = new Map<CapabilityName, LearnedOffset | null>();

  /** An extended header, read with all its 32 bits. */
  takeExtended(at: number, header: number, seq: number): void {
    if (!this.expected.has(at)) return;
    const old = this.headers.get(at);
    if (old === header) return;
    this.headers.set(at, header);
    // Headers are read-only: another device has taken the address, and what was learned holds for neither.
    const gone = old === undefined ? undefined : EXTENDED.get(old & 0xffff);
    if (gone && gone !== EXTENDED.get(header & 0xffff)) this.found.set(gone, null);
    const next = (header >>> 20) & 0xffc;
    if (next >= START && next < END) this.expected.add(next);
    const name = EXTENDED.get(header & 0xffff);
    const from = at === START ? 'the start of the list' : 'the capability before it';
    if (name) this.learn(name, at, seq, `read ${hex(header)} at ${hex(at)}, where ${from} leads`);
  }

  /** A read below 0x100: the pointer to the first list, or a header in it. */
  takeFirst(at: number, value: number, seq: number): void {
    if (at === LIST_POINTER) {
      const start = value & 0xfc;
      if (start >= 0x40) this.expectedFirst.add(start);
      return;
    }
    if (!this.expectedFirst.has(at)) return;
    const next = (value >>> 8) & 0xfc;
    if (next >= 0x40) this.expectedFirst.add(next);
    if ((value & 0xff) === PCI_EXPRESS)
      this.learn('pcie', at, seq, `read ${hex(value)} at ${hex(at)}, where the list leads`);
  }

  learn(name: CapabilityName, offset: number, seq: number, how: string): void {
    const known = this.found.get(name);
    if (known === undefined) this.found.set(name, { offset, seq, how });
    else if (known !== null && known.offset !== offset) this.found.set(name, null);
  }
}

/**
 * Learns where capabilities stand by following the lists of capabilities through the reads of each function: a header
 * counts only where a list leads, so nothing is guessed. Reads of extended headers must show all 32 bits: the log gives
 * no widths, but a header has its version above the lower 16 bits.
 * @param simulatorEvents QEMU prints writes to the SR-IOV capability a second time, with their offset in it.
 * @returns functions of which anything was learned, by address.
 */
export function learnCapabilities(
  accesses: Table<typeof CONFIG_ACCESSES>,
  simulatorEvents: Table<typeof SIMULATOR_EVENTS> | null = null,
): ReadonlyMap<string, LearnedCapabilities> {
  const walks = new Map<string, Walk>();
  const where = columnOf(accesses, 'where').data;
  const isWrite = columnOf(accesses, 'is_write').data;
  const value = columnOf(accesses, 'value').data;
  const seq = columnOf(accesses, 'seq').data;
  const width = columnOf(accesses, 'width');
  const functions = columnOf(accesses, 'function');
  const named = (functions.dictionary ?? []).map((): Walk | null => null);
  const walkOf = (row: number) => {
    const id = Number(functions.data[row]);
    let walk = named[id];
    if (!walk) {
      walk = new Walk();
      named[id] = walk;
      walks.set(String(cellAt(functions, row)), walk);
    }
    return walk;
  };
  for (let row = 0; row < accesses.length; row++) {
    const at = Number(where[row]);
    if (isWrite[row] !== 0 || isNullAt(functions, row)) continue;
    const read = Number(value[row]);
    // Nothing answers: says nothing about another time.
    if (read === 0xffffffff) continue;
    if (at < START) {
      if (at >= LIST_POINTER && read !== 0xffff && read !== 0xff)
        walkOf(row).takeFirst(at, read, Number(seq[row]));
      continue;
    }
    if (at % 4 !== 0) continue;
    const bytes = isNullAt(width, row) ? (read > 0xffff ? 4 : 0) : Number(width.data[row]);
    if (bytes === 4) walkOf(row).takeExtended(at, read, Number(seq[row]));
  }
  if (simulatorEvents) learnFromSriovWrites(accesses, simulatorEvents, walkOf);
  return new Map(
    [...walks]
      .filter(([, walk]) => walk.headers.size > 0 || walk.found.size > 0)
      .map(([name, walk]) => [name, learned(name, walk)]),
  );
}

const SRIOV_OFFSET = /\bsriov offset 0x([0-9a-f]{1,3})\b/;

/** `sriov_config_write` right behind a config write is about the same write: its offset counts from the capability. */
function learnFromSriovWrites(
  accesses: Table<typeof CONFIG_ACCESSES>,
  simulatorEvents: Table<typeof SIMULATOR_EVENTS>,
  walkOf: (row: number) => Walk,
): void {
  const kind = columnOf(simulatorEvents, 'kind');
  const wanted = kind.dictionary?.indexOf('sriov-write') ?? -1;
  if (wanted < 0) return;
  const [source, seq, where, isWrite] = ['source', 'seq', 'where', 'is_write'].map(
    (name) => columnOf(accesses, name).data,
  );
  const functions = columnOf(accesses, 'function');
  const [ownSource, ownSeq] = ['source', 'seq'].map((name) => columnOf(simulatorEvents, name).data);
  const text = columnOf(simulatorEvents, 'text');
  let row = 0;
  for (let event = 0; event < simulatorEvents.length; event++) {
    if (kind.data[event] !== wanted) continue;
    const isBefore = (at: number) =>
      source[at] < ownSource[event] || (source[at] === ownSource[event] && seq[at] < ownSeq[event]);
    while (row + 1 < accesses.length && isBefore(row + 1)) row++;
    if (row >= accesses.length || source[row] !== ownSource[event]) continue;
    if (Number(seq[row]) + 1 !== Number(ownSeq[event]) || isWrite[row] === 0 || isNullAt(functions, row))
      continue;
    const offset = SRIOV_OFFSET.exec(String(cellAt(text, event)))?.[1];
    const base = offset === undefined ? -1 : Number(where[row]) - Number.parseInt(offset, 16);
    if (base < START || base % 4 !== 0) continue;
    walkOf(row).learn(
      'sriov',
      base,
      Number(seq[row]),
      `the write at ${hex(Number(where[row]))} is one to it`,
    );
  }
}

function learned(name: string, walk: Walk): LearnedCapabilities {
  const of = (capability: CapabilityName) => walk.found.get(capability) ?? null;
  return {
    function: name,
    ats: of('ats'),
    sriov: of('sriov'),
    pri: of('pri'),
    pasid: of('pasid'),
    pcie: of('pcie'),
    whole: walk.headers.size > 0 && [...walk.expected].every((at) => walk.headers.has(at)),
  };
}
