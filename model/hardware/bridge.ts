import { UNKNOWN } from '../events.ts';

/** Type 1 header (include/uapi/linux/pci_regs.h). */
const HEADER_TYPE = 0x0e;
const PRIMARY_BUS = 0x18;
const SECONDARY_BUS = 0x19;
const SUBORDINATE_BUS = 0x1a;

/**
 * The bus numbers of one bridge. Functions behind it are addressed by them, so when they change, whoever had an address
 * there has it no longer: firmware and kernels renumber at boot, and a machine that starts again does so, too.
 */
export class Bridge {
  private isBridge = false;
  private secondary = UNKNOWN;
  private subordinate = UNKNOWN;

  touches(where: number): boolean {
    return where >= 0x0c && where <= SUBORDINATE_BUS;
  }

  /** Takes an access; returns the buses whose functions have lost their addresses, or null. */
  take(isWrite: boolean, where: number, width: number, value: number): { from: number; to: number } | null {
    if (!isWrite) {
      // A double word at 0x0c has the header type in its third byte.
      const type = where === HEADER_TYPE ? value : where === 0x0c && width === 4 ? value >>> 16 : null;
      if (type !== null && (type & 0x7f) === 1 && (type & 0xff) !== 0xff) this.isBridge = true;
      return null;
    }
    // Nobody writes base addresses byte by byte: a byte at 0x19 is a bus number.
    if (where === SECONDARY_BUS) this.isBridge = true;
    if (!this.isBridge) return null;
    if (where === SUBORDINATE_BUS) {
      this.subordinate = value & 0xff;
      return null;
    }
    if (where === PRIMARY_BUS && width === 4)
      return this.renumber((value >>> 8) & 0xff, (value >>> 16) & 0xff);
    if (where === SECONDARY_BUS) return this.renumber(value & 0xff, this.subordinate);
    return null;
  }

  private renumber(secondary: number, subordinate: number): { from: number; to: number } | null {
    const before = this.secondary;
    const to = this.subordinate === UNKNOWN ? before : Math.max(before, this.subordinate);
    this.secondary = secondary;
    this.subordinate = subordinate;
    return before === UNKNOWN || before === secondary || before === 0 ? null : { from: before, to };
  }
}
