import { type CONFIG_ACCESSES, cellAt, columnOf, isNullAt, type Table } from '../../tables/index.ts';

export type CapabilityName = 'ats' | 'sriov' | 'pri' | 'pasid';

/** Where a capability stands and which read says so. */
export interface LearnedOffset {
  readonly offset: number;
  /** Number of the record of the read (`config_accesses.seq`). */
  readonly seq: number;
  /** In words, for a person. */
  readonly how: string;
}

/** Extended capabilities of one function as reads of its config space show them. */
export interface LearnedCapabilities {
  /** `dddd:bb:dd.f` */
  readonly function: string;
  /** NULL: not seen, or seen in two places (another device took the address). */
  readonly ats: LearnedOffset | null;
  readonly sriov: LearnedOffset | null;
  readonly pri: LearnedOffset | null;
  readonly pasid: LearnedOffset | null;
  /** True where the list was read to its end: what is NULL then is not there. */
  readonly whole: boolean;
}

const NAMES = new Map<number, CapabilityName>([
  [0x0f, 'ats'],
  [0x10, 'sriov'],
  [0x13, 'pri'],
  [0x1b, 'pasid'],
]);
const START = 0x100;
const END = 0x1000;

interface Walk {
  /** Offsets at which a header is known to stand: the start and what other headers point to. */
  readonly expected: Set<number>;
  /** Headers read, by offset. */
  readonly headers: Map<number, number>;
  readonly found: Map<CapabilityName, LearnedOffset | null>;
}

/**
 * Learns where capabilities stand by following the list of extended capabilities through the reads of each function:
 * a header counts only at 0x100 or where another header points to, so nothing is guessed. Reads must show all 32 bits
 * of the header: the log gives no widths, but a header has its version above the lower 16 bits.
 * @returns functions with at least one header, by address.
 */
export function learnCapabilities(
  accesses: Table<typeof CONFIG_ACCESSES>,
): ReadonlyMap<string, LearnedCapabilities> {
  const walks = new Map<string, Walk>();
  const where = columnOf(accesses, 'where').data;
  const isWrite = columnOf(accesses, 'is_write').data;
  const value = columnOf(accesses, 'value').data;
  const seq = columnOf(accesses, 'seq').data;
  const width = columnOf(accesses, 'width');
  const functions = columnOf(accesses, 'function');
  for (let row = 0; row < accesses.length; row++) {
    const at = Number(where[row]);
    if (at < START || at % 4 !== 0 || isWrite[row] !== 0 || isNullAt(functions, row)) continue;
    const header = Number(value[row]);
    const bytes = isNullAt(width, row) ? (header > 0xffff ? 4 : 0) : Number(width.data[row]);
    // Nothing answers, or the list is empty: says nothing about another time.
    if (bytes !== 4 || header === 0xffffffff) continue;
    const name = String(cellAt(functions, row));
    let walk = walks.get(name);
    if (!walk) {
      walk = { expected: new Set([START]), headers: new Map(), found: new Map() };
      walks.set(name, walk);
    }
    if (walk.expected.has(at)) takeHeader(walk, at, header, Number(seq[row]));
  }
  return new Map(
    [...walks].filter(([, walk]) => walk.headers.size > 0).map(([name, walk]) => [name, learned(name, walk)]),
  );
}

function takeHeader(walk: Walk, at: number, header: number, seq: number): void {
  const old = walk.headers.get(at);
  if (old === header) return;
  walk.headers.set(at, header);
  // Headers are read-only: another device has taken the address, and what was learned holds for neither.
  const gone = old === undefined ? undefined : NAMES.get(old & 0xffff);
  if (gone && gone !== NAMES.get(header & 0xffff)) walk.found.set(gone, null);
  const next = (header >>> 20) & 0xffc;
  if (next >= START && next < END) walk.expected.add(next);
  const name = NAMES.get(header & 0xffff);
  if (!name) return;
  const known = walk.found.get(name);
  if (known === undefined) {
    const hex = (number: number) => `0x${number.toString(16)}`;
    const from = at === START ? 'the start of the list' : 'the capability before it';
    walk.found.set(name, { offset: at, seq, how: `read ${hex(header)} at ${hex(at)}, where ${from} leads` });
  } else if (known !== null && known.offset !== at) walk.found.set(name, null);
}

function learned(name: string, walk: Walk): LearnedCapabilities {
  const of = (capability: CapabilityName) => walk.found.get(capability) ?? null;
  return {
    function: name,
    ats: of('ats'),
    sriov: of('sriov'),
    pri: of('pri'),
    pasid: of('pasid'),
    whole: [...walk.expected].every((at) => walk.headers.has(at)),
  };
}
