import { UNKNOWN } from './events.ts';

/** One function from its appearance to its removal. */
export interface FunctionRecord {
  readonly fn: number;
  /** `dddd:bb:dd.f`, or a pointer when nothing names the device. */
  readonly address: string;
  /** Log whose addresses nothing relates to the kernel's; null for the addresses of the kernel. */
  readonly space: string | null;
  /** Nothing has named the device yet: the address is a pointer. */
  readonly isPointer: boolean;
  readonly generation: number;
  /** 1 VF, 0 not a VF, UNKNOWN. */
  isVf: number;
  isPf: number;
  /** Function generation of the PF of a VF, or -1. */
  pf: number;
  vfIndex: number;
  /** Function generations of the VFs of a PF. */
  readonly vfs: number[];
  /** Config offset of the ATS capability, or UNKNOWN. */
  capOffset: number;
  /** Config offset of the SR-IOV capability, or UNKNOWN. */
  sriovOffset: number;
  /** The recording shows the device appear: its state then is known. */
  startSeen: boolean;
  /** The core has looked for capabilities: a zero offset means "none" from here on. */
  discovered: boolean;
  /** Removal has begun; what still comes belongs to the tear-down. */
  removing: boolean;
  /** Only config writes were seen so far: the core sets devices up before it adds them. */
  fresh: boolean;
  /** Its removal was counted in the coverage of the machine. */
  removalCounted: boolean;
  /** Its release was judged. */
  released: boolean;
  /** The hardware showed it appear: its registers were in their reset state. */
  announced: boolean;
  /** A kernel spoke of it, not only the hardware's own log. */
  byKernel: boolean;
  /** An IOMMU driver has probed it. */
  probed: boolean;
  /** The last prepare that returned 0 in this generation. */
  prepared: { pageShift: number; event: number } | null;
  /** A prepare came after that whose result, or which itself, was not recorded. */
  mayBePrepared: boolean;
  firstEvent: number;
  lastEvent: number;
  events: number;
}

/** Stands between an address and the log it is an address of, where that is a space of its own. */
export const SPACE_MARK = '@';

/**
 * Which functions there are. Identity is the address and a generation: a function that is removed and found again
 * starts from nothing. PF and VF are linked by evidence only, never by the shape of an address.
 */
export class Topology {
  readonly functions: FunctionRecord[] = [];
  private readonly current = new Map<string, FunctionRecord>();
  private readonly generations = new Map<string, number>();

  at(fn: number): FunctionRecord {
    return this.functions[fn];
  }

  /** The PF of a VF, or null: the function is none, or nothing names its PF. */
  pfOf(fn: FunctionRecord): FunctionRecord | null {
    return fn.pf >= 0 ? this.functions[fn.pf] : null;
  }

  vfsOf(pf: FunctionRecord): FunctionRecord[] {
    return pf.vfs.map((vf) => this.functions[vf]);
  }

  /** The generation of an address in force, or null when the address is new. */
  find(address: string): FunctionRecord | null {
    return this.current.get(address) ?? null;
  }

  /** The generations in force, one for each address. */
  inForce(): Iterable<FunctionRecord> {
    return this.current.values();
  }

  /** Opens the next generation of an address. */
  open(address: string, event: number): FunctionRecord {
    const generation = this.generations.get(address) ?? 0;
    this.generations.set(address, generation + 1);
    const mark = address.indexOf(SPACE_MARK);
    const record: FunctionRecord = {
      fn: this.functions.length,
      address: address.slice(0, mark < 0 ? undefined : mark),
      space: mark < 0 ? null : address.slice(mark + 1),
      isPointer: address.startsWith('0x'),
      generation,
      isVf: UNKNOWN,
      isPf: UNKNOWN,
      pf: -1,
      vfIndex: -1,
      vfs: [],
      capOffset: UNKNOWN,
      sriovOffset: UNKNOWN,
      startSeen: false,
      discovered: false,
      removing: false,
      fresh: true,
      removalCounted: false,
      released: false,
      announced: false,
      byKernel: false,
      probed: false,
      prepared: null,
      mayBePrepared: false,
      firstEvent: event,
      lastEvent: event,
      events: 0,
    };
    this.functions.push(record);
    this.current.set(address, record);
    return record;
  }

  /** The VF is gone; its PF may have many after it. */
  unlink(vf: FunctionRecord): void {
    if (vf.pf < 0) return;
    const { vfs } = this.functions[vf.pf];
    const at = vfs.indexOf(vf.fn);
    if (at >= 0) vfs.splice(at, 1);
  }

  /** What linked a function to a PF tells of another life of its address, or of an earlier one of the PF. */
  separate(fn: FunctionRecord): void {
    this.unlink(fn);
    fn.pf = -1;
    fn.vfIndex = -1;
  }

  /** As `link`, whatever was known of its PF before. */
  relink(vf: FunctionRecord, pf: FunctionRecord, index: number): void {
    this.separate(vf);
    this.link(vf, pf, index);
  }

  /** The recording shows that `vf` is a VF of `pf`. */
  link(vf: FunctionRecord, pf: FunctionRecord, index: number): void {
    vf.isVf = 1;
    vf.isPf = 0;
    pf.isPf = 1;
    if (pf.isVf === UNKNOWN) pf.isVf = 0;
    if (vf.pf >= 0) return;
    vf.pf = pf.fn;
    vf.vfIndex = index;
    pf.vfs.push(vf.fn);
  }
}
