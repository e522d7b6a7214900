import { UNKNOWN } from './events.ts';

/** What an access to config space says of ATS Control. Parts it does not touch are UNKNOWN. */
export interface ControlValue {
  readonly enable: number;
  readonly stu: number;
}

/** ATS Control stands six bytes into the capability (include/uapi/linux/pci_regs.h PCI_ATS_CTRL). */
const CONTROL = 6;

/**
 * Decodes an access of any width that overlaps ATS Control of a capability at `capOffset`.
 * @param width bytes; UNKNOWN when the recording does not say: then only an access at the register itself is taken, as
 *   16 bits.
 * @returns null when the access does not touch the register.
 */
export function decodeControl(
  capOffset: number,
  where: number,
  width: number,
  value: number,
): ControlValue | null {
  if (capOffset === UNKNOWN || capOffset === 0 || where === UNKNOWN || value === UNKNOWN) return null;
  const register = capOffset + CONTROL;
  const bytes = width === UNKNOWN ? (where === register ? 2 : 0) : width;
  const low = byteAt(register, where, bytes, value);
  const high = byteAt(register + 1, where, bytes, value);
  if (low === UNKNOWN && high === UNKNOWN) return null;
  return { enable: high === UNKNOWN ? UNKNOWN : high >> 7, stu: low === UNKNOWN ? UNKNOWN : low & 31 };
}

/** VF Enable of the SR-IOV Control register, eight bytes into its capability (PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE). */
const SRIOV_CONTROL = 8;

/** VF Enable as an access of any width shows it; UNKNOWN when the access does not touch it. */
export function decodeVfEnable(sriovOffset: number, where: number, width: number, value: number): number {
  if (sriovOffset === UNKNOWN || where === UNKNOWN || value === UNKNOWN) return UNKNOWN;
  const register = sriovOffset + SRIOV_CONTROL;
  const bytes = width === UNKNOWN ? (where === register ? 2 : 0) : width;
  const low = byteAt(register, where, bytes, value);
  return low === UNKNOWN ? UNKNOWN : low & 1;
}

function byteAt(address: number, where: number, bytes: number, value: number): number {
  const index = address - where;
  return index < 0 || index >= bytes ? UNKNOWN : (value >>> (index * 8)) & 0xff;
}
