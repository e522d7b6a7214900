import { TraceLine } from './line.ts';

/** What the first lines of an input are. */
export interface Sample {
  readonly lines: number;
  /** Lines with a time and the name of an event. */
  readonly stamped: number;
  /** Lines that begin with the name of an event that QEMU has, with values behind it. */
  readonly bare: number;
  /** Lines of either kind that are config accesses. */
  readonly accesses: number;
}

const MAX_LINES = 2000;
/** First words of events of the devices that matter here and of the commonest others. */
const FAMILIES =
  /^(?:pci|pcie|sriov|msix|vtd|amdvi|smmu|smmuv3|riscv_iommu|x86_iommu|iommufd|vfio|virtio|vhost|memory_region|kvm|nvme|e1000e|igb|runstate|qemu|gic|gicv3|apic|ioapic|pflash|ahci|ide|usb|xhci|dma|address_space|flatview|cpu|ram|migration|monitor|qmp|object|qio|bdrv|blk|virtqueue|balloon|cxl|shpc|acpi|pcie_cap|translate|handle)_/;
/** The kernel begins lines about a device like this. */
const DEVICE_AND_COLON = /^\S+ [0-9a-f]{4}:[0-9a-f]{2}(?::|\b)/;

/** Whether a line without a time is an event: by its first word, because anything else may stand in such a log, too. */
export function isBareEvent(line: TraceLine, buffer: Uint8Array, start: number, end: number): boolean {
  if (!line.parseBare(buffer, start, end)) return false;
  const text = Buffer.from(buffer.buffer, buffer.byteOffset + start, Math.min(end - start, 64)).toString(
    'latin1',
  );
  return FAMILIES.test(text) && !DEVICE_AND_COLON.test(text);
}

/** Looks at the complete lines at the start of an input. */
export function sampleOf(head: Uint8Array): Sample {
  const line = new TraceLine();
  let lines = 0;
  let stamped = 0;
  let bare = 0;
  let accesses = 0;
  let start = 0;
  for (let at = 0; at < head.length && lines < MAX_LINES; at++) {
    if (head[at] !== 10) continue;
    const end = at > start && head[at - 1] === 13 ? at - 1 : at;
    if (end > start) {
      lines++;
      const isStamped = line.parseStamped(head, start, end);
      const isBare = !isStamped && isBareEvent(line, head, start, end) && hasValue(head, line.argsStart, end);
      if (isStamped) stamped++;
      if (isBare) bare++;
      if ((isStamped || isBare) && isAccess(head, line)) accesses++;
    }
    start = at + 1;
  }
  return { lines, stamped, bare, accesses };
}

/** Names alone are a list of functions, not what happened. */
function hasValue(head: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (head[at] >= 48 && head[at] <= 57) return true;
  return false;
}

function isAccess(head: Uint8Array, line: TraceLine): boolean {
  return /^pci_cfg_(?:read|write)$/.test(
    Buffer.from(head.subarray(line.nameStart, line.nameEnd)).toString('latin1'),
  );
}
