import type { EventColumns } from './event-columns.ts';
import { ENTER, KIND, kindSet, UNKNOWN } from './events.ts';
import { isFunctionAddress } from './lift/arguments.ts';
import { orderWithinSource } from './order.ts';

/** `struct device` lies within the first bytes of `struct pci_dev`: farther apart, two pointers are two devices. */
const PCI_DEV_BYTES = 2048n;

const STRUCT_DEVICE_KINDS = kindSet(
  'iommu.probe',
  'iommu.finalize',
  'iommu.release',
  'iommu.attach',
  'iommu.block',
  'iommu.core',
);

const FOUND = kindSet('device.add', 'ats.init');

/** Something that tells the name of a device behind a pointer. */
interface Evidence {
  /** Position in the order of its source. */
  readonly at: number;
  readonly row: number;
  readonly name: number;
}

/** What is known of one pointer, in the order of the source. */
interface Pointer {
  readonly evidence: Evidence[];
  readonly rows: { readonly at: number; readonly row: number }[];
  /** Positions where the core finds a new device there, where an IOMMU driver takes one, and where one is let go. */
  readonly found: number[];
  readonly births: number[];
  readonly deaths: number[];
}

/**
 * Gives the events that only know their device by a pointer its name, where the recording tells it: an event that prints
 * both, or the requester id that `pci_for_each_dma_alias()` hands to a callback (the first is the function's own:
 * drivers/pci/search.c, 6.1 to 7.2). A pointer to `struct device` is the same device as one to the `struct pci_dev` around
 * it. Memory is used again: where a pointer has two names in turn, what lies between them unclearly stays a pointer.
 */
export function nameDevices(events: EventColumns, sources: readonly number[]): void {
  if (!hasPointers(events)) return;
  const segment = onlySegment(events);
  for (const source of sources) {
    const order = orderWithinSource(events, source);
    const canonical = canonicalPointers(events, order);
    const pointers = collect(events, order, canonical, segment);
    for (const pointer of pointers.values()) assign(events, pointer);
  }
}

function hasPointers(events: EventColumns): boolean {
  for (let row = 0; row < events.length; row++) if (events.pointer[row] >= 0) return true;
  return false;
}

/** The PCI segment that all names of the recording share; 0000 where nothing is named, null where there are several. */
function onlySegment(events: EventColumns): string | null {
  const segments = new Set<string>();
  const seen = new Set<number>();
  for (let row = 0; row < events.length; row++) {
    const device = events.device[row];
    if (device < 0 || seen.has(device)) continue;
    seen.add(device);
    const name = events.names.get(device);
    if (isFunctionAddress(name)) segments.add(name.slice(0, name.indexOf(':')));
  }
  if (segments.size > 1) return null;
  return [...segments][0] ?? '0000';
}

/** Id of the pointer to the `struct pci_dev` for each id of a pointer that an event shows. */
function canonicalPointers(events: EventColumns, order: Int32Array): (row: number) => number {
  const values = new Map<number, bigint>();
  const addressOf = (id: number) => {
    let value = values.get(id);
    if (value === undefined) {
      value = BigInt(events.names.get(id));
      values.set(id, value);
    }
    return value;
  };
  const offset = offsetOfDevice(events, order, addressOf);
  const ids = new Map<number, number>();
  return (row) => {
    const id = events.pointer[row];
    if (id < 0 || offset === null || !showsStructDevice(events, row)) return id;
    let pci = ids.get(id);
    if (pci === undefined) {
      pci = events.names.internString(`0x${(addressOf(id) - offset).toString(16)}`);
      ids.set(id, pci);
    }
    return pci;
  };
}

/**
 * Where `struct device` lies within `struct pci_dev`, told by the PCI calls that a task makes for a device inside an IOMMU
 * call for it; null where nothing tells it or two places are possible.
 */
function offsetOfDevice(
  events: EventColumns,
  order: Int32Array,
  addressOf: (id: number) => bigint,
): bigint | null {
  const outer = new Map<number, bigint>();
  let offset: bigint | null = null;
  for (const row of order) {
    const id = events.pointer[row];
    if (id < 0) continue;
    const value = addressOf(id);
    if (showsStructDevice(events, row)) {
      outer.set(events.pid[row], value);
      continue;
    }
    const around = outer.get(events.pid[row]);
    if (around === undefined || around <= value || around - value >= PCI_DEV_BYTES) continue;
    if (offset !== null && offset !== around - value) return null;
    offset = around - value;
  }
  return offset;
}

/** The IOMMU side hands `struct device` around, the PCI core `struct pci_dev`. */
function showsStructDevice(events: EventColumns, row: number): boolean {
  return STRUCT_DEVICE_KINDS.has(events.kind[row]);
}

function collect(
  events: EventColumns,
  order: Int32Array,
  canonical: (row: number) => number,
  segment: string | null,
): Map<number, Pointer> {
  const pointers = new Map<number, Pointer>();
  /** Pointer whose aliases a task is being told: those after the first are other requesters. */
  const walking = new Map<number, number>();
  order.forEach((row, at) => {
    const isAlias = events.kind[row] === KIND['device.alias'];
    if (!isAlias && events.kind[row] === KIND['iommu.attach'] && events.phase[row] === ENTER)
      walking.delete(events.pid[row]);
    const id = canonical(row);
    if (id < 0) return;
    let pointer = pointers.get(id);
    if (!pointer) {
      pointer = { evidence: [], rows: [], found: [], births: [], deaths: [] };
      pointers.set(id, pointer);
    }
    if (events.phase[row] === ENTER) {
      const kind = events.kind[row];
      if (FOUND.has(kind)) pointer.found.push(at);
      if (FOUND.has(kind) || kind === KIND['iommu.probe']) pointer.births.push(at);
      else if (kind === KIND['iommu.release']) pointer.deaths.push(at);
    }
    const device = events.device[row];
    if (device >= 0 && isFunctionAddress(events.names.get(device))) {
      pointer.evidence.push({ at, row, name: device });
      return;
    }
    // Without a name, both pointers to one device are still one.
    if (device === events.pointer[row]) events.device[row] = id;
    pointer.rows.push({ at, row });
    if (!isAlias || segment === null || walking.get(events.pid[row]) === id) return;
    walking.set(events.pid[row], id);
    const requester = events.index[row];
    if (requester === UNKNOWN || requester < 0 || requester > 0xffff) return;
    pointer.evidence.push({ at, row, name: events.names.internString(requesterName(segment, requester)) });
  });
  return pointers;
}

function requesterName(segment: string, requester: number): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return `${segment}:${hex(requester >> 8)}:${hex((requester >> 3) & 31)}.${requester & 7}`;
}

function assign(events: EventColumns, { evidence, rows, found, births, deaths }: Pointer): void {
  if (evidence.length === 0) return;
  const any = (marks: readonly number[], from: number, to: number) =>
    marks.some((mark) => mark > from && mark <= to);
  let next = 0;
  for (const { at, row } of rows) {
    while (next < evidence.length && evidence[next].at <= at) next++;
    const before: Evidence | undefined = evidence[next - 1];
    const after: Evidence | undefined = evidence[next];
    let told = before ?? after;
    if (before && after && before.name !== after.name) {
      const isOld = !any(births, before.at, at) && !any(deaths, before.at, at);
      const isNew = !any(births, at, after.at) && !any(deaths, at, after.at);
      if (isOld === isNew) continue;
      told = isOld ? before : after;
    } else if (!before && any(found, at, after.at)) continue;
    events.nameDevice(row, told.name, told.row);
  }
}
