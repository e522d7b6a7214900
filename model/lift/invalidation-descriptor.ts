/**
 * The function that a VT-d invalidation descriptor goes to (VT-d specification 6.5.2; drivers/iommu/intel/iommu.h).
 * Descriptors carry a requester id without a segment; VT-d gives each segment its own units, and the segment of an
 * address is 0 on all but the largest machines, which print it elsewhere.
 * @param qw0 first quadword of the descriptor, any sign.
 * @returns `dddd:bb:dd.f`, or null when the descriptor is not one for a device-TLB.
 */
export function requesterOf(qw0: bigint): string | null {
  const bits = BigInt.asUintN(64, qw0);
  switch (bits & 0xfn) {
    case 3n:
      return functionAddress(Number((bits >> 32n) & 0xffffn));
    case 8n:
      return functionAddress(Number((bits >> 16n) & 0xffffn));
    default:
      return null;
  }
}

/** A requester id (bus in the high byte, device and function in the low one) as an address in segment 0. */
export function functionAddress(requester: number, segment = 0): string {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
  return `${hex(segment, 4)}:${hex(requester >> 8, 2)}:${hex((requester >> 3) & 31, 2)}.${requester & 7}`;
}
