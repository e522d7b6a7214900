import type { Facts, Reading } from './facts.ts';

const SIZE = 4096;
const ROW = 16;
const EXTENDED = 0x100;

/** Ids of extended capabilities (include/uapi/linux/pci_regs.h PCI_EXT_CAP_ID_*). */
export const EXTENDED_IDS = { ats: 0x0f, sriov: 0x10, pri: 0x13, pasid: 0x1b } as const;

/** Config space of one function, as far as a hex dump shows it. */
export class ConfigSpace {
  private readonly bytes = new Uint8Array(SIZE);
  private readonly rows = new Uint8Array(SIZE / ROW);
  private end = 0;

  /** Takes a row of 16 bytes at a multiple of 16, behind all rows before; anything else is refused. */
  setRow(offset: number, row: Uint8Array): boolean {
    if (offset % ROW !== 0 || offset >= SIZE || offset < this.end || row.length !== ROW) return false;
    this.bytes.set(row, offset);
    this.rows[offset / ROW] = 1;
    this.end = offset + ROW;
    return true;
  }

  /** A little-endian value of 1, 2 or 4 bytes, aligned; null where the dump does not show it. */
  read(offset: number, width: 1 | 2 | 4): number | null {
    if (offset + width > SIZE || this.rows[Math.floor(offset / ROW)] === 0) return null;
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + this.bytes[offset + i];
    return value;
  }

  /** Whether the header reads as all ones, as far as it is shown, which means that nothing answered. */
  get isAbsent(): boolean {
    for (let at = 0; at < 64; at += 4) if ((this.read(at, 4) ?? 0xffffffff) !== 0xffffffff) return false;
    return this.rows[0] === 1;
  }

  /** Vendor and device; null where the dump does not show them or shows all ones, as a VF does. */
  get ids(): { readonly vendor: number; readonly device: number } | null {
    const vendor = this.read(0, 2);
    const device = this.read(2, 2);
    if (vendor === null || device === null || vendor === 0xffff) return null;
    return { vendor, device };
  }
}

/** Offset of ATS Control within its capability (PCI_ATS_CTRL). */
export const ATS_CONTROL = 6;

/**
 * Walks the list of extended capabilities as pciutils does (ls-ecaps.c show_ext_caps) and decodes ATS, PASID, PRI and
 * SR-IOV. A loop or a part that the dump does not show ends the walk.
 */
export function readConfigSpace(space: ConfigSpace): Reading {
  const facts: Facts = {};
  if (space.isAbsent) return { facts, whole: false };
  const seen = new Set<number>();
  let where = EXTENDED;
  while (!seen.has(where)) {
    seen.add(where);
    const header = space.read(where, 4);
    if (header === null) return { facts, whole: false };
    if (header === 0 || header === 0xffffffff) return { facts, whole: true };
    readCapability(space, header & 0xffff, where, facts);
    const next = (header >>> 20) & 0xffc;
    if (next < EXTENDED) return { facts, whole: true };
    where = next;
  }
  return { facts, whole: false };
}

function readCapability(space: ConfigSpace, id: number, where: number, facts: Facts): void {
  switch (id) {
    case EXTENDED_IDS.ats:
      if (facts.ats_cap_offset === undefined) readAts(space, where, facts);
      return;
    case EXTENDED_IDS.pasid:
      if (facts.pasid_cap_offset === undefined) readPasid(space, where, facts);
      return;
    case EXTENDED_IDS.pri:
      if (facts.pri_cap_offset === undefined) readPri(space, where, facts);
      return;
    case EXTENDED_IDS.sriov:
      if (facts.sriov_cap_offset === undefined) readSriov(space, where, facts);
  }
}

function bit(value: number, index: number): boolean {
  return ((value >>> index) & 1) === 1;
}

function readAts(space: ConfigSpace, where: number, facts: Facts): void {
  facts.ats_cap_offset = where;
  const capability = space.read(where + 4, 2);
  if (capability !== null) {
    facts.ats_queue_depth = capability & 31;
    facts.ats_page_aligned = bit(capability, 5);
    facts.ats_global_invalidate = bit(capability, 6);
  }
  const control = space.read(where + ATS_CONTROL, 2);
  if (control !== null) {
    facts.ats_enable = bit(control, 15);
    facts.ats_stu = control & 31;
  }
}

function readPasid(space: ConfigSpace, where: number, facts: Facts): void {
  facts.pasid_cap_offset = where;
  const capability = space.read(where + 4, 2);
  if (capability !== null) {
    facts.pasid_exec_supported = bit(capability, 1);
    facts.pasid_priv_supported = bit(capability, 2);
    facts.pasid_width = (capability >> 8) & 31;
  }
  const control = space.read(where + 6, 2);
  if (control !== null) {
    facts.pasid_enable = bit(control, 0);
    facts.pasid_exec = bit(control, 1);
    facts.pasid_priv = bit(control, 2);
  }
}

function readPri(space: ConfigSpace, where: number, facts: Facts): void {
  facts.pri_cap_offset = where;
  const control = space.read(where + 4, 2);
  if (control !== null) {
    facts.pri_enable = bit(control, 0);
    facts.pri_reset = bit(control, 1);
  }
  const status = space.read(where + 6, 2);
  if (status !== null) {
    facts.pri_response_failure = bit(status, 0);
    facts.pri_unexpected_index = bit(status, 1);
    facts.pri_stopped = bit(status, 8);
    facts.pri_pasid_required = bit(status, 15);
  }
  set(facts, 'pri_capacity', space.read(where + 8, 4));
  set(facts, 'pri_allocation', space.read(where + 12, 4));
}

function readSriov(space: ConfigSpace, where: number, facts: Facts): void {
  facts.sriov_cap_offset = where;
  const control = space.read(where + 8, 2);
  if (control !== null) facts.sriov_vf_enable = bit(control, 0);
  set(facts, 'sriov_initial_vfs', space.read(where + 12, 2));
  set(facts, 'sriov_total_vfs', space.read(where + 14, 2));
  set(facts, 'sriov_num_vfs', space.read(where + 16, 2));
  set(facts, 'sriov_offset', space.read(where + 20, 2));
  set(facts, 'sriov_stride', space.read(where + 22, 2));
  set(facts, 'sriov_vf_device', space.read(where + 26, 2));
}

type NumberFact = { [N in keyof Facts]-?: Required<Facts>[N] extends number ? N : never }[keyof Facts];

function set(facts: Facts, name: NumberFact, value: number | null): void {
  if (value !== null) facts[name] = value;
}
