import { UNKNOWN } from '../events.ts';
import { functionAddress } from '../lift/invalidation-descriptor.ts';
import type { VfPlaces } from './offsets.ts';

/** SR-IOV capability: offsets of its registers and bits (include/uapi/linux/pci_regs.h PCI_SRIOV_*). */
const CONTROL = 0x08;
const NUM_VFS = 0x10;
const FIRST_VF_OFFSET = 0x14;
const VF_STRIDE = 0x16;
const VF_ENABLE = 1;
/** More VFs than this no PF can have: routing ids have 16 bits. */
const MAX_VFS = 0xffff;

export interface Vf {
  readonly address: string;
  readonly index: number;
}

/** VFs that an access made appear or disappear. */
export interface VfChange {
  readonly appear: boolean;
  readonly vfs: readonly Vf[];
}

/** The SR-IOV capability of one PF: how many VFs there are and at which addresses. */
export class SriovState {
  private readonly pf: string;
  private readonly cap: number;
  private enabled = UNKNOWN;
  private numVfs = UNKNOWN;
  private offset: number;
  private stride: number;
  private present: readonly Vf[] = [];

  constructor(pf: string, cap: number, places: VfPlaces | undefined) {
    this.pf = pf;
    this.cap = cap;
    this.offset = places?.offset ?? UNKNOWN;
    this.stride = places?.stride ?? UNKNOWN;
  }

  touches(where: number): boolean {
    return where >= this.cap + CONTROL - 2 && where < this.cap + VF_STRIDE + 2;
  }

  /** Takes an access; returns what it changed, or null. */
  take(isWrite: boolean, where: number, width: number, value: number): VfChange | null {
    const at = where - this.cap;
    if (at === FIRST_VF_OFFSET && !isWrite && value !== 0xffff) {
      this.offset = value & 0xffff;
      if (width === 4) this.stride = value >>> 16;
    } else if (at === VF_STRIDE && !isWrite && value !== 0xffff) this.stride = value & 0xffff;
    else if (at === NUM_VFS) this.numVfs = value & 0xffff;
    else if (at === CONTROL && isWrite) return this.control(value & VF_ENABLE);
    else if (at === CONTROL && (value & 0xffff) !== 0xffff && this.enabled === UNKNOWN)
      this.enabled = value & VF_ENABLE;
    return null;
  }

  /** The PF is reset or leaves its address: VF Enable is clear and its VFs are gone. */
  clear(): VfChange | null {
    return this.control(0);
  }

  private control(enable: number): VfChange | null {
    const before = this.enabled;
    this.enabled = enable;
    if (before === enable) return null;
    if (enable === 0) {
      const vfs = this.present;
      this.present = [];
      return vfs.length > 0 ? { appear: false, vfs } : null;
    }
    this.present = this.places();
    return this.present.length > 0 ? { appear: true, vfs: this.present } : null;
  }

  /** PCIe 9.3.3.8 to 9.3.3.10: routing id of the PF + First VF Offset + index * VF Stride. */
  private places(): Vf[] {
    const { numVfs, offset, stride } = this;
    if (numVfs === UNKNOWN || numVfs > MAX_VFS || offset === UNKNOWN || offset === 0) return [];
    if (numVfs > 1 && (stride === UNKNOWN || stride === 0)) return [];
    const [segment, bus, device, fn] = this.pf.split(/[:.]/).map((part) => Number.parseInt(part, 16));
    const rid = (bus << 8) | (device << 3) | fn;
    const vfs: Vf[] = [];
    for (let index = 0; index < numVfs; index++) {
      const own = rid + offset + index * (numVfs > 1 ? stride : 0);
      if (own > 0xffff) break;
      vfs.push({ address: functionAddress(own, segment), index });
    }
    return vfs;
  }
}
