/** A PCI address as printed. */
export interface Address {
  /** As printed, without a path of bridges. */
  readonly text: string;
  /** NULL where no domain is printed. */
  readonly domain: number | null;
  /** Routing id: bus, device and function in 16 bits. */
  readonly rid: number;
}

const ADDRESS =
  /^(?:([0-9a-f]{4,8}):)?(?:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\/)*([0-9a-f]{2}):([01][0-9a-f])\.([0-7])(?=\s|$)/i;

/** The address a line begins with, or null. Domains have four digits or more; of a path (`lspci -PP`) the end counts. */
export function addressAt(line: string): { readonly address: Address; readonly length: number } | null {
  const match = ADDRESS.exec(line);
  if (!match) return null;
  const [whole, domain, bus, device, fn] = match;
  return {
    address: {
      text: `${domain ? `${domain}:` : ''}${bus}:${device}.${fn}`.toLowerCase(),
      domain: domain ? Number.parseInt(domain, 16) : null,
      rid: (Number.parseInt(bus, 16) << 8) | (Number.parseInt(device, 16) << 3) | Number(fn),
    },
    length: whole.length,
  };
}

/** `dddd:bb:dd.f`. */
export function formatAddress(domain: number, rid: number): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return `${hex(domain, 4)}:${hex(rid >> 8, 2)}:${hex((rid >> 3) & 31, 2)}.${rid & 7}`;
}

const MAX_RID = 0xffff;

/**
 * Routing ids of the VFs of a PF: First VF Offset is added once, VF Stride for every further one, and both may carry
 * into the next bus (include/linux/pci.h pci_iov_virtfn_bus, pci_iov_virtfn_devfn).
 * @returns none where the fields cannot be those of VFs: an offset of 0, or a stride of 0 with several.
 */
export function* virtualFunctions(
  pf: number,
  offset: number,
  stride: number,
  count: number,
): Generator<number> {
  if (offset === 0 || (stride === 0 && count > 1)) return;
  for (let i = 0, rid = pf + offset; i < count && rid <= MAX_RID; i++, rid += stride) yield rid;
}
