import { type PCI_FUNCTIONS, type RowOf, rowsOf, type Table } from '../../tables/index.ts';
import { clearDraft, type EventColumns, newDraft } from '../event-columns.ts';
import { KIND, POINT, UNKNOWN } from '../events.ts';
import { isFunctionAddress } from './arguments.ts';

/** What a listing of the hardware says of one function. */
export interface ListedFunction {
  readonly address: string;
  readonly source: number;
  readonly snapshot: number;
  /** Event of its first line. */
  readonly event: number;
  /** Event of its ATS Control; -1 where the listing does not show the register. */
  readonly control: number;
  /** Enable of ATS Control; UNKNOWN. */
  readonly enable: number;
  /** The raw STU field; UNKNOWN. */
  readonly stu: number;
}

/** What a function is for as long as it lives, as all listings together tell it. */
export interface Nature {
  /** The listing that says so. */
  readonly event: number;
  /** Offset of the ATS capability; 0 where a whole list of capabilities has none; UNKNOWN. */
  readonly capability: number;
  /** Offset of the SR-IOV capability; UNKNOWN. */
  readonly sriov: number;
  /** Address of its PF, where VF Enable, First VF Offset and VF Stride of a listed PF lead to it. */
  readonly pf: string | null;
  readonly vfIndex: number;
  /** 1 a VF, 0 not one, UNKNOWN. */
  readonly isVf: number;
}

/** The listings of a recording: what they show, in the order of the inputs. */
export interface Listings {
  readonly functions: readonly ListedFunction[];
  readonly natures: ReadonlyMap<string, Nature>;
  /** Addresses of the VFs of each PF. */
  readonly vfs: ReadonlyMap<string, readonly string[]>;
}

type Row = RowOf<typeof PCI_FUNCTIONS>;

/** Offset of ATS Control in its capability (include/uapi/linux/pci_regs.h PCI_ATS_CTRL). */
const CONTROL = 6;

const draft = newDraft();

/**
 * Lifts listings of the hardware (`lspci`, raw config space, topology of a bundle): one event says what a function is, a
 * second one what its ATS Control held. `lspci -v` names the capability without the register: that is unknown, not off.
 * Functions that have nothing to do with ATS are left out unless other events name them or they have VFs.
 */
export function liftListings(table: Table<typeof PCI_FUNCTIONS>, events: EventColumns): Listings {
  if (table.length === 0) return { functions: [], natures: new Map(), vfs: new Map() };
  const named = namedDevices(events);
  const all = rowsOf(table);
  for (const { pf } of all) if (pf !== null) named.add(pf);
  const rows = all.filter((row) => matters(row, named));
  const functions = rows.map((row) => liftRow(row, events));
  return {
    functions,
    natures: naturesOf(rows, functions),
    vfs: vfsByPf(rows),
  };
}

function namedDevices(events: EventColumns): Set<string> {
  const ids = new Set<number>();
  for (let row = 0; row < events.length; row++) if (events.device[row] >= 0) ids.add(events.device[row]);
  return new Set([...ids].map((id) => events.names.get(id)));
}

function matters(row: Row, named: ReadonlySet<string>): boolean {
  if (row.function === null || !isFunctionAddress(row.function)) return false;
  if (row.has_ats || row.is_vf || row.sriov_cap_offset !== null) return true;
  return named.has(row.function);
}

function liftRow(row: Row, events: EventColumns): ListedFunction {
  const address = row.function as string;
  const register = row.ats_cap_offset === null ? UNKNOWN : row.ats_cap_offset + CONTROL;
  clearDraft(draft);
  draft.phase = POINT;
  draft.device = events.names.internString(address);
  draft.source = row.source;
  draft.seq = row.seq;
  draft.kind = KIND['listing.function'];
  draft.offset = Number(row.offset);
  draft.length = row.length;
  draft.line = row.line;
  if (row.is_vf !== null) draft.isVf = row.is_vf ? 1 : 0;
  if (row.sriov_cap_offset !== null) draft.isPf = 1;
  const event = events.add(draft);
  const enable = row.ats_enable === null ? UNKNOWN : Number(row.ats_enable);
  const stu = row.ats_stu ?? UNKNOWN;
  const listed = { address, source: row.source, snapshot: row.snapshot, event, enable, stu };
  if (enable === UNKNOWN || register === UNKNOWN) return { ...listed, control: -1 };
  draft.kind = KIND['listing.control'];
  if (row.control_at !== null) {
    draft.offset = Number(row.control_at);
    draft.length = row.control_length ?? row.length;
    draft.line = row.control_line ?? row.line;
  }
  // Enable is the top bit of the upper byte; without STU only that byte is known.
  draft.where = stu === UNKNOWN ? register + 1 : register;
  draft.width = stu === UNKNOWN ? 1 : 2;
  draft.value = stu === UNKNOWN ? enable << 7 : (enable << 15) | stu;
  if (row.iommu_group !== null) draft.index = row.iommu_group;
  return { ...listed, control: events.add(draft) };
}

/** The one value that all say, or `none` where they differ: another device may have sat there. */
function agreed<T>(values: readonly T[], none: T): T {
  return values.length > 0 && values.every((value) => value === values[0]) ? values[0] : none;
}

function naturesOf(rows: readonly Row[], functions: readonly ListedFunction[]): Map<string, Nature> {
  const byAddress = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const address = row.function as string;
    byAddress.set(address, [...(byAddress.get(address) ?? []), i]);
  });
  const placed = new Map(rows.map((row) => [snapshotKey(row, row.function), row]));
  return new Map(
    [...byAddress].map(([address, all]) => {
      const known = all.filter((i) => capabilityOf(rows[i]) !== UNKNOWN);
      const linked = all.filter((i) => rows[i].pf !== null);
      const pf = agreed(
        linked.map((i) => rows[i].pf),
        null,
      );
      return [
        address,
        {
          event: functions[known[0] ?? linked[0] ?? all[0]].event,
          capability: agreed(
            known.map((i) => capabilityOf(rows[i])),
            UNKNOWN,
          ),
          sriov: agreed(
            all.flatMap((i) => rows[i].sriov_cap_offset ?? []),
            UNKNOWN,
          ),
          pf,
          vfIndex: pf === null ? -1 : vfIndexOf(rows[linked[0]], placed),
          isVf: agreed(
            all.flatMap((i) => (rows[i].is_vf === null ? [] : [Number(rows[i].is_vf)])),
            UNKNOWN,
          ),
        },
      ];
    }),
  );
}

function capabilityOf(row: Row): number {
  if (row.ats_cap_offset !== null) return row.ats_cap_offset;
  return row.has_ats === false ? 0 : UNKNOWN;
}

function snapshotKey(row: Row, address: string | null): string {
  return `${row.source} ${row.snapshot} ${address}`;
}

/** Number of a VF from its distance to its PF; -1 where the PF does not tell offset and stride. */
function vfIndexOf(vf: Row, placed: ReadonlyMap<string, Row>): number {
  const pf = placed.get(snapshotKey(vf, vf.pf));
  const offset = pf?.sriov_offset ?? null;
  const stride = pf?.sriov_stride ?? null;
  if (offset === null || stride === null) return -1;
  const distance = routingId(vf.function as string) - routingId(vf.pf as string) - offset;
  if (distance === 0) return 0;
  return stride > 0 && distance > 0 && distance % stride === 0 ? distance / stride : -1;
}

/** Bus, device and function of `dddd:bb:dd.f` in 16 bits. */
function routingId(address: string): number {
  const [bus, rest] = address.split(':').slice(-2);
  const [device, fn] = rest.split('.');
  return (Number.parseInt(bus, 16) << 8) | (Number.parseInt(device, 16) << 3) | Number(fn);
}

function vfsByPf(rows: readonly Row[]): Map<string, string[]> {
  const vfs = new Map<string, Set<string>>();
  for (const row of rows) {
    if (row.pf === null) continue;
    const known = vfs.get(row.pf) ?? new Set();
    vfs.set(row.pf, known.add(row.function as string));
  }
  return new Map([...vfs].map(([pf, all]) => [pf, [...all]]));
}
