/** What an event besides a config access says, in the words of `simulator_events`. */
export type SimulatorKind =
  | 'vfs-created'
  | 'vfs-removed'
  | 'sriov-write'
  | 'atc-invalidation'
  | 'iommu-invalidation'
  | 'invalidation-wait'
  | 'translation'
  | 'fault'
  | 'reset';

interface Meaning {
  readonly name: RegExp;
  readonly kind: SimulatorKind;
  /** Only where the printed arguments match. */
  readonly text?: RegExp;
}

/**
 * The first match counts. Names are those of hw/pci/trace-events, hw/i386/trace-events and hw/arm/trace-events.
 * `vtd_inv_desc` announces every descriptor; all but those for device TLBs have an event of their own, too.
 */
const MEANINGS: readonly Meaning[] = [
  { name: /^sriov_register_vfs$/, kind: 'vfs-created' },
  { name: /^sriov_unregister_vfs$/, kind: 'vfs-removed' },
  { name: /^sriov_config_write$/, kind: 'sriov-write' },
  { name: /^vtd_inv_desc$/, kind: 'atc-invalidation', text: /\btype device/ },
  { name: /^vtd_inv_desc_wait_(?:sw|irq)$/, kind: 'invalidation-wait' },
  { name: /^vtd_inv_desc_(?:cc|iotlb|iec|pasid|piotlb)/, kind: 'iommu-invalidation' },
  { name: /^amdvi_iotlb_inval$/, kind: 'atc-invalidation' },
  { name: /^amdvi_completion_wait$/, kind: 'invalidation-wait' },
  { name: /^amdvi_(?:devtab|domain|pages|all|intr)_inval$/, kind: 'iommu-invalidation' },
  { name: /^smmuv3_cmdq_opcode$/, kind: 'atc-invalidation', text: /\bATC_INV\b|_ATC_INV$/ },
  { name: /^smmuv3_cmdq_(?:tlbi|cfgi)_/, kind: 'iommu-invalidation' },
  { name: /^(?:vtd_dmar_translate|amdvi_translation_result|smmuv3_translate_success)$/, kind: 'translation' },
  { name: /^(?:vtd_dmar_fault|amdvi_page_fault|smmuv3_record_event|smmuv3_translate_abort)$/, kind: 'fault' },
  { name: /^(?:vtd_reset|vtd_reset_exit|vtd_reset_enter|amdvi_reset|pci_reset)$/, kind: 'reset' },
];

/** The meanings that an event of this name may have; decides once per name that most events have none. */
export function meaningsOf(name: string): readonly Meaning[] {
  return MEANINGS.filter((meaning) => meaning.name.test(name));
}

export function kindOf(meanings: readonly Meaning[], text: string): SimulatorKind | null {
  return meanings.find((meaning) => !meaning.text || meaning.text.test(text))?.kind ?? null;
}

/** `01:00.01` (VT-d prints the function with two digits), `00:14.0`. */
const ADDRESS = /\b([0-9a-f]{2}):([01][0-9a-f])\.0?([0-7])\b/;
const SOURCE_ID = /\bsid 0x([0-9a-f]{1,4})\b/;
const DESCRIPTOR = /\btype (device\S*) high 0x[0-9a-f]+ low 0x([0-9a-f]+)\b/;
const DEVICE_AND_SLOT = /^(\S+) [0-9a-f]{2}:[0-9a-f]{1,2}: /;
const CREATED = /\bcreating (\d{1,5}) vf/;

/** What the printed arguments name. A routing id is given only where a bus is printed. */
export interface Named {
  readonly rid: number | null;
  readonly device: string | null;
  readonly count: number | null;
}

/** Reads device, function and count from printed arguments. */
export function namedIn(name: string, text: string): Named {
  if (name.startsWith('sriov_')) {
    const created = CREATED.exec(text);
    return {
      rid: null,
      device: DEVICE_AND_SLOT.exec(text)?.[1] ?? null,
      count: created ? Number(created[1]) : null,
    };
  }
  return { rid: name.startsWith('smmuv3_') ? null : ridIn(text), device: null, count: null };
}

function ridIn(text: string): number | null {
  const descriptor = DESCRIPTOR.exec(text);
  if (descriptor) {
    // Device-TLB descriptors hold the source id in bits 47:32, PASID-based ones in bits 31:16 (VT-d 6.5.2.5, 6.5.2.6).
    const low = BigInt(`0x${descriptor[2].slice(-16)}`);
    return Number((low >> (descriptor[1] === 'device' ? 32n : 16n)) & 0xffffn);
  }
  const address = ADDRESS.exec(text);
  if (address) {
    return (
      (Number.parseInt(address[1], 16) << 8) | (Number.parseInt(address[2], 16) << 3) | Number(address[3])
    );
  }
  // Where a mask goes with it, the source id stands for several functions.
  const sid = SOURCE_ID.exec(text);
  return sid && (!/\bfmask\b/.test(text) || /\bfmask 0x0\b/.test(text)) ? Number.parseInt(sid[1], 16) : null;
}
