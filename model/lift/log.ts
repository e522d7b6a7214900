import { columnOf, isNullAt, type LOG_RECORDS, rowAt, type SPLATS, type Table } from '../../tables/index.ts';
import { clearDraft, type EventColumns, newDraft } from '../event-columns.ts';
import { type EventKindName, KIND, POINT, UNKNOWN } from '../events.ts';
import { isFunctionAddress } from './arguments.ts';

/** WARN sites that say something about ATS state: the functions of drivers/pci/ats.c and the enable paths of drivers. */
const WARN_FUNCTIONS =
  /^(pci_(prepare|enable|disable)_ats|pci_(enable|disable)_(pri|pasid)|pci_reset_pri|iommu_enable_pci_ats|arm_smmu_enable_ats|arm_smmu_attach_commit)(\.|$)/;

/** Messages of the kernel log that are events of the model (contract section 8). `word` is a cheap test before the pattern. */
const MESSAGES: readonly { readonly word: string; readonly pattern: RegExp; readonly kind: EventKindName }[] =
  [
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
    { word: 'Time-out Error', pattern: /Invalidation Time-out Error/, kind: 'log.timeout' },
    {
      word: 'IOTLB_INV_TIMEOUT',
      pattern: /IOTLB_INV_TIMEOUT device=(?<device>[0-9a-f:.]+)/i,
      kind: 'log.timeout',
    },
    { word: 'invalidate timeout', pattern: /ATC invalidate timeout/, kind: 'log.timeout' },
  ];

/** Lifts WARNs and messages of the kernel log. Messages that name no device keep none. */
export function liftLog(
  records: Table<typeof LOG_RECORDS>,
  splats: Table<typeof SPLATS>,
  events: EventColumns,
): void {
  for (let row = 0; row < splats.length; row++) liftSplat(splats, row, events);
  const message = columnOf(records, 'message');
  if (!message.offsets) return;
  const decoder = new TextDecoder();
  const bytes = message.data as Uint8Array;
  for (let row = 0; row < records.length; row++) {
    const text = decoder.decode(bytes.subarray(message.offsets[row], message.offsets[row + 1]));
    for (const rule of MESSAGES) {
      if (!text.includes(rule.word)) continue;
      const match = rule.pattern.exec(text);
      if (match) liftRecord(records, row, rule.kind, match.groups ?? {}, events);
    }
  }
}

const draft = newDraft();

function setTime(time: bigint | null): void {
  if (time === null) return;
  draft.timed = 1;
  draft.timeLo = Number(time & 0xffffffffn);
  draft.timeHi = Number((time >> 32n) & 0xffffffffn);
}

function liftSplat(splats: Table<typeof SPLATS>, row: number, events: EventColumns): void {
  const symbolColumn = columnOf(splats, 'symbol');
  if (isNullAt(symbolColumn, row)) return;
  const splat = rowAt(splats, row);
  if (splat.kind !== 'warn' || !splat.symbol || !WARN_FUNCTIONS.test(splat.symbol)) return;
  clearDraft(draft);
  setTime(splat.time_ns);
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
  const device = groups.device ?? record.device;
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
