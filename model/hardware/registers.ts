import { decodeControl } from '../control-register.ts';
import { UNKNOWN } from '../events.ts';

/** Registers that the model follows in the hardware; the position is the number stored in `index` of an event. */
export const REGISTERS = ['ATS Control', 'PASID Control', 'Page Request Control'] as const;
export const ATS_CONTROL = 0;
export const PASID_CONTROL = 1;
export const PRI_CONTROL = 2;

/** PASID Control and Page Request Control in their capabilities (include/uapi/linux/pci_regs.h). */
const PASID_CTRL = 6;
const PRI_CTRL = 4;

/**
 * Width of an access that a log does not print, where the access itself shows it: an odd offset leaves one byte, a value
 * of more than 16 bits four. UNKNOWN otherwise.
 */
export function shownWidth(where: number, value: number): number {
  const unsigned = value >>> 0;
  if (where % 2 === 1) return 1;
  if (unsigned > 0xffff) return 4;
  return unsigned > 0xff && where % 4 === 2 ? 2 : UNKNOWN;
}

/** What an access says of one register. Parts that it does not tell are UNKNOWN. */
export interface RegisterValue {
  readonly register: number;
  /** Enable of ATS Control; the Enable, Execute and Privileged bits of PASID Control; Enable of Page Request Control. */
  readonly enable: number;
  /** STU field of ATS Control. */
  readonly stu: number;
}

const touches = (address: number, where: number, width: number) =>
  address !== UNKNOWN && where < address + 2 && where + width > address;

/**
 * Decodes an access to ATS Control.
 * @returns null when it does not touch the register, all UNKNOWN when it may have: a write at the double word that holds
 *   the register, of a width that nothing tells.
 */
export function atsControl(
  cap: number,
  where: number,
  width: number,
  value: number,
  isWrite: boolean,
): RegisterValue | null {
  const decoded = decodeControl(cap, where, width, value);
  if (decoded) return { register: ATS_CONTROL, ...decoded };
  if (cap === UNKNOWN || width !== UNKNOWN || !isWrite || !touches(cap + 6, where, 4)) return null;
  return where === cap + 4 ? { register: ATS_CONTROL, enable: UNKNOWN, stu: UNKNOWN } : null;
}

/** Low bits of a 16-bit register at `address`; null where the access does not show them. */
function lowBits(address: number, mask: number, where: number, width: number, value: number): number | null {
  const bytes = width === UNKNOWN ? (where === address ? 2 : 0) : width;
  if (where > address || where + bytes <= address) return null;
  return (value >>> ((address - where) * 8)) & mask;
}

export function pasidControl(cap: number, where: number, width: number, value: number): RegisterValue | null {
  if (cap === UNKNOWN) return null;
  const bits = lowBits(cap + PASID_CTRL, 7, where, width, value);
  return bits === null ? null : { register: PASID_CONTROL, enable: bits, stu: UNKNOWN };
}

export function priControl(cap: number, where: number, width: number, value: number): RegisterValue | null {
  if (cap === UNKNOWN) return null;
  const bits = lowBits(cap + PRI_CTRL, 1, where, width, value);
  return bits === null ? null : { register: PRI_CONTROL, enable: bits, stu: UNKNOWN };
}
