import {
  columnOf,
  isNullAt,
  type LOG_RECORDS,
  rowAt,
  rowsOf,
  type SPLATS,
  type Table,
} from '../../tables/index.ts';
import { clearDraft, type EventColumns, newDraft } from '../event-columns.ts';
import { type EventKindName, KIND, POINT, UNKNOWN } from '../events.ts';
import { isFunctionAddress } from './arguments.ts';
import { functionAddress, requesterOf } from './invalidation-descriptor.ts';

/** WARN sites that say something about ATS state: the functions of drivers/pci/ats.c and the enable paths of drivers. */
const WARN_FUNCTIONS =
  /^(pci_(prepare|enable|disable)_ats|pci_(enable|disable)_(pri|pasid)|pci_reset_pri|iommu_enable_pci_ats|arm_smmu_enable_ats|arm_smmu_attach_commit)(\.|$)/;

/** A message of the kernel log that is an event of the model (contract section 8). */
interface Message {
  /** A cheap test before the pattern. */
  readonly word: string;
  /** Named groups: `device`, `requester` (hex), `shift`, `index`. */
  readonly pattern: RegExp;
  readonly kind: EventKindName;
}

/** Where a PCI address may lack its segment: VT-d before 7.2 and AMD before 5.x print none. */
const ADDRESS = '(?<device>(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7])';

const MESSAGES: readonly Message[] = [
  { word: 'disabling ATS', pattern: /\bdisabling ATS\b/, kind: 'log.quirk' },
  { word: 'ATS is disabled', pattern: /^PCIe: ATS is disabled/, kind: 'log.noats' },
  {
    word: 'Failed to enable ATS',
    pattern: /Failed to enable ATS \(STU (?<shift>\d+)\)/,
    kind: 'log.enable_failed',
  },
  { word: 'Adding to iommu group', pattern: /Adding to iommu group (?<index>\d+)/, kind: 'log.group_add' },
  {
    word: 'Removing from iommu group',
    pattern: /Removing from iommu group (?<index>\d+)/,
    kind: 'log.group_remove',
  },
  {
    word: 'Time-out Error',
    pattern: /VT-d detected Invalidation Time-out Error(?:: SID (?<requester>[0-9a-f]+))?/,
    kind: 'log.timeout',
  },
  {
    word: 'IOTLB_INV_TIMEOUT',
    pattern: new RegExp(`IOTLB_INV_TIMEOUT device=${ADDRESS}`, 'i'),
    kind: 'log.timeout',
  },
  { word: 'invalidate timeout', pattern: /ATC invalidate timeout/, kind: 'log.timeout' },
  {
    word: 'Request device [',
    // Reasons that only requests for or with translations cause: drivers/iommu/intel/dmar.c.
    pattern: new RegExp(`Request device \\[${ADDRESS}\\].*fault reason (?:0x(?:0d|32|44)|13|50|68)\\b`, 'i'),
    kind: 'log.fault',
  },
  {
    word: '_REQUEST device=',
    pattern: new RegExp(`INVALID_(?:DEVICE|PPR)_REQUEST device=${ADDRESS}`, 'i'),
    kind: 'log.fault',
  },
  { word: 'client:', pattern: new RegExp(`event: UNKNOWN client: ${ADDRESS}`, 'i'), kind: 'log.fault' },
  { word: 'UnsupReq', pattern: /\] UnsupReq\b/, kind: 'log.fault' },
  { word: 'ACSViol', pattern: /\] ACSViol\b/, kind: 'log.fault' },
];

/** A descriptor printed after an invalidation error; the one at the head of the queue was not answered. */
const DESCRIPTOR = /QI (?:HEAD|PRIOR): (?:PASID-based )?Device-TLB Invalidation qw0 = 0x([0-9a-f]+)/;
/** How many records after a time-out its descriptors may stand. */
const DESCRIPTOR_REACH = 6;

/** Lifts WARNs and messages of the kernel log. Messages that name no device keep none. */
export function liftLog(
  records: Table<typeof LOG_RECORDS>,
  splats: Table<typeof SPLATS>,
  events: EventColumns,
): void {
  const uptime = uptimeRecords(records, splats);
  for (let row = 0; row < splats.length; row++) liftSplat(splats, row, uptime, events);
  const message = columnOf(records, 'message');
  const { offsets } = message;
  if (!offsets) return;
  const decoder = new TextDecoder();
  const bytes = message.data as Uint8Array;
  const textAt = (row: number) => decoder.decode(bytes.subarray(offsets[row], offsets[row + 1]));
  for (let row = 0; row < records.length; row++) {
    const text = textAt(row);
    for (const { word, pattern, kind } of MESSAGES) {
      if (!text.includes(word)) continue;
      const groups = pattern.exec(text)?.groups;
      if (!groups && !pattern.test(text)) continue;
      const device =
        groups?.device ??
        requesterDevice(groups?.requester) ??
        (kind === 'log.timeout' ? descriptorDevice(row, records.length, textAt) : null);
      liftRecord(records, row, kind, { ...groups, device: device ?? undefined }, events);
    }
  }
}

/** The device of a requester id; null for 0, with which old hardware says that it does not know. */
function requesterDevice(requester: string | undefined): string | null {
  const id = requester === undefined ? 0 : Number.parseInt(requester, 16);
  return id > 0 && id <= 0xffff ? functionAddress(id) : null;
}

/** The device that the descriptor beside a time-out was for: it is the real one where the line says SID 0. */
function descriptorDevice(row: number, length: number, textAt: (row: number) => string): string | null {
  for (let at = row + 1; at < Math.min(length, row + DESCRIPTOR_REACH); at++) {
    const match = DESCRIPTOR.exec(textAt(at));
    const device = match ? requesterOf(BigInt(`0x${match[1]}`)) : null;
    if (device) return device;
  }
  return null;
}

const draft = newDraft();

function setTime(time: bigint | null): void {
  if (time === null) return;
  draft.timed = 1;
  draft.timeLo = Number(time & 0xffffffffn);
  draft.timeHi = Number((time >> 32n) & 0xffffffffn);
}

/** First records of splats whose time is the time since boot: `source:seq`. Other times belong on no trace's timeline. */
function uptimeRecords(
  records: Table<typeof LOG_RECORDS>,
  splats: Table<typeof SPLATS>,
): ReadonlySet<string> {
  const wanted = new Set(rowsOf(splats).map((splat) => `${splat.source}:${splat.first_seq}`));
  const [source, seq, kind] = ['source', 'seq', 'time_kind'].map((name) => columnOf(records, name));
  const uptime = kind.dictionary?.indexOf('uptime') ?? -1;
  const found = new Set<string>();
  if (wanted.size === 0) return found;
  for (let row = 0; row < records.length; row++) {
    if (kind.data[row] !== uptime) continue;
    const key = `${source.data[row]}:${seq.data[row]}`;
    if (wanted.has(key)) found.add(key);
  }
  return found;
}

function liftSplat(
  splats: Table<typeof SPLATS>,
  row: number,
  uptime: ReadonlySet<string>,
  events: EventColumns,
): void {
  const symbolColumn = columnOf(splats, 'symbol');
  if (isNullAt(symbolColumn, row)) return;
  const splat = rowAt(splats, row);
  if (splat.kind !== 'warn' || !splat.symbol || !WARN_FUNCTIONS.test(splat.symbol)) return;
  clearDraft(draft);
  setTime(uptime.has(`${splat.source}:${splat.first_seq}`) ? splat.time_ns : null);
  draft.kind = KIND['log.warn'];
  draft.phase = POINT;
  draft.symbol = events.names.internString(splat.symbol.split('.')[0]);
  draft.pid = splat.pid ?? UNKNOWN;
  draft.cpu = splat.cpu ?? UNKNOWN;
  draft.comm = splat.comm === null ? -1 : events.names.internString(splat.comm);
  draft.source = splat.source;
  draft.seq = splat.first_seq;
  draft.offset = Number(splat.offset);
  draft.length = splat.length;
  draft.line = splat.line ?? UNKNOWN;
  events.add(draft);
}

function liftRecord(
  records: Table<typeof LOG_RECORDS>,
  row: number,
  kind: EventKindName,
  groups: Record<string, string | undefined>,
  events: EventColumns,
): void {
  const record = rowAt(records, row);
  clearDraft(draft);
  setTime(record.time_kind === 'uptime' ? record.time_ns : null);
  draft.kind = KIND[kind];
  draft.phase = POINT;
  const named = groups.device ?? record.device;
  // VT-d and AMD leave the segment out where there is only one.
  const device = named && /^[0-9a-f]{2}:/i.test(named) ? `0000:${named}` : named;
  draft.device = device && isFunctionAddress(device) ? events.names.internString(device.toLowerCase()) : -1;
  if (groups.shift) draft.pageShift = Number(groups.shift);
  if (groups.index) draft.index = Number(groups.index);
  draft.source = record.source;
  draft.seq = record.seq;
  draft.offset = Number(record.offset);
  draft.length = record.length;
  draft.line = record.line ?? UNKNOWN;
  events.add(draft);
}
