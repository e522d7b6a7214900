import type { SourceRecording } from '../recording.ts';
import { formatAddress, virtualFunctions } from './address.ts';
import { FACT_NAMES, type Facts } from './facts.ts';
import type { ReadFunction } from './function-block.ts';

/** VFs that are looked up for one snapshot at most. */
const MAX_LOOKUPS = 1 << 20;

interface Listed {
  readonly read: ReadFunction;
  readonly domain: number | null;
  isVf: boolean | null;
  pf: string | null;
}

/** One listing of the hardware. */
export class Snapshot {
  private readonly number: number;
  private readonly functions: ReadFunction[] = [];

  constructor(number: number) {
    this.number = number;
  }

  /** False where the function cannot follow: lspci sorts by address, so a step back begins another listing. */
  accepts(domain: number | null, rid: number): boolean {
    const last = this.functions.at(-1)?.address;
    if (!last) return true;
    const [lastDomain, newDomain] = [last.domain ?? 0, domain ?? 0];
    return newDomain > lastDomain || (newDomain === lastDomain && rid > last.rid);
  }

  add(read: ReadFunction): void {
    this.functions.push(read);
  }

  get size(): number {
    return this.functions.length;
  }

  /** Writes the rows; `seq` is the number of the first. */
  write(out: SourceRecording, seq: number): void {
    const listed = this.withDomains();
    this.linkVirtualFunctions(listed, out);
    for (const [i, entry] of listed.entries()) this.writeRow(out, seq + i, entry);
  }

  /** lspci prints no domains only where every function has domain 0 (lspci.c scan_device). */
  private withDomains(): Listed[] {
    const others = this.functions.some(({ address }) => address.domain !== null && address.domain > 0);
    return this.functions.map((read) => ({
      read,
      domain: read.address.domain ?? (others ? null : 0),
      isVf: read.facts.sriov_cap_offset === undefined ? null : false,
      pf: null,
    }));
  }

  private linkVirtualFunctions(listed: readonly Listed[], out: SourceRecording): void {
    const byAddress = new Map(
      listed.flatMap((entry) =>
        entry.domain === null ? [] : [[keyOf(entry.domain, entry.read.address.rid), entry]],
      ),
    );
    let lookups = 0;
    for (const { read, domain } of listed) {
      if (domain === null) continue;
      const { rid } = read.address;
      for (const vf of virtualFunctionsOf(rid, read.facts)) {
        if (++lookups > MAX_LOOKUPS) return;
        const entry = byAddress.get(keyOf(domain, vf));
        if (!entry || entry.read.facts.sriov_cap_offset !== undefined) continue;
        entry.isVf = true;
        entry.pf = formatAddress(domain, rid);
      }
      noteBadCounts(read, out);
    }
  }

  private writeRow(out: SourceRecording, seq: number, { read, domain, isVf, pf }: Listed): void {
    const { address, header, facts, place, controlPlace } = read;
    const name = domain === null ? null : formatAddress(domain, address.rid);
    if (name === null) {
      out.note(
        'warning',
        'domain-unknown',
        place,
        `${address.text} is listed without a domain beside functions of other domains: no single lspci prints that`,
      );
    }
    if (read.differing.length > 0) {
      out.note(
        'warning',
        'text-and-bytes-differ',
        controlPlace ?? place,
        `${name ?? address.text}: text and hex dump differ in ${read.differing.join(', ')}; the hex dump is used`,
      );
    }
    out.pciFunction({
      seq,
      snapshot: this.number,
      function: name,
      slot: address.text,
      class: header.className,
      class_code: header.classCode,
      name: header.name,
      vendor_id: header.vendorId,
      device_id: header.deviceId,
      driver: read.driver,
      iommu_group: read.iommuGroup,
      capabilities: read.capabilities,
      has_ats: read.hasAts,
      ...allFacts(facts),
      ats_page_shift: facts.ats_stu === undefined ? null : 12 + facts.ats_stu,
      is_vf: isVf,
      pf,
      offset: BigInt(place.offset),
      length: place.length,
      line: place.line,
      control_at: controlPlace ? BigInt(controlPlace.offset) : null,
      control_length: controlPlace?.length ?? null,
      control_line: controlPlace?.line ?? null,
    });
  }
}

function keyOf(domain: number, rid: number): number {
  return domain * 65536 + rid;
}

/**
 * Routing ids of the VFs that the SR-IOV capability of a PF says are there: NumVFs of them while VF Enable is set.
 * None where one of its fields is unknown.
 */
export function* virtualFunctionsOf(pf: number, facts: Facts): Generator<number> {
  const { sriov_vf_enable, sriov_num_vfs, sriov_offset, sriov_stride } = facts;
  if (!sriov_vf_enable || sriov_num_vfs === undefined) return;
  if (sriov_offset === undefined || sriov_stride === undefined) return;
  yield* virtualFunctions(pf, sriov_offset, sriov_stride, sriov_num_vfs);
}

function noteBadCounts({ address, facts, place }: ReadFunction, out: SourceRecording): void {
  const { sriov_num_vfs, sriov_total_vfs } = facts;
  if (sriov_num_vfs === undefined || sriov_total_vfs === undefined || sriov_num_vfs <= sriov_total_vfs)
    return;
  out.note(
    'warning',
    'too-many-vfs',
    place,
    `${address.text}: NumVFs ${sriov_num_vfs} is more than TotalVFs ${sriov_total_vfs}`,
  );
}

type AllFacts = { [N in keyof Facts]-?: Exclude<Facts[N], undefined> | null };

function allFacts(facts: Facts): AllFacts {
  return Object.fromEntries(FACT_NAMES.map((name) => [name, facts[name] ?? null])) as AllFacts;
}
