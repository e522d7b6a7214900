import { PCI_FUNCTIONS, type RowOf } from '../../tables/index.ts';
import type { DecodeOptions, Detection, Format } from '../format.ts';
import { scanLines } from '../lines.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { readFunction, readLosses, readManifest, readProbes } from './facts.ts';
import { BundleMember } from './member.ts';

/** Members with facts about the capture, by name. */
export const FACT_MEMBERS: ReadonlySet<string> = new Set([
  'manifest.txt',
  'probes.txt',
  'losses.txt',
  'cmdline.txt',
  'topology-before.txt',
  'topology-after.txt',
]);

/** No member with facts is larger, on any machine. */
const LARGEST = 1 << 24;

const CHOSEN_BY_NAME: Detection = { confidence: 0, why: 'is chosen for members of a bundle by their names' };

/** What the kit writes beside the recordings: nothing in it is an event. */
export const captureFacts: Format = {
  id: 'capture-facts',
  title: 'facts about a capture, from its bundle',
  detect: () => CHOSEN_BY_NAME,
  async decode(source, out, options) {
    if (!(source instanceof BundleMember)) return;
    out.bytes.marker += source.size;
    out.detail = source.name;
    const { facts } = source.bundle;
    if (source.name.startsWith('topology-')) {
      readTopology(source, out, options);
      return;
    }
    const bytes = Buffer.alloc(Math.min(source.size, LARGEST));
    const text = bytes.toString('utf8', 0, source.read(0, bytes));
    if (source.name === 'manifest.txt') readManifest(text, facts);
    else if (source.name === 'probes.txt') readProbes(text, facts);
    else if (source.name === 'losses.txt') readLosses(text, facts);
  },
};

/** A member that is neither a recording nor one of the kit's own files: accounted for, and not used. */
export const notUsed: Format = {
  id: 'not-used',
  title: 'a member of a bundle that nothing here can read',
  detect: () => CHOSEN_BY_NAME,
  async decode(source, out) {
    out.bytes.unparsed += source.size;
    const damage = source instanceof BundleMember ? source.damage : null;
    if (damage === null)
      out.note('info', 'member-not-used', null, 'a file of no known format; the bundle is judged without it');
    else {
      out.complete = false;
      out.note('error', 'member-damaged', null, damage);
    }
  },
};

function readTopology(source: ByteSource, out: SourceRecording, options: DecodeOptions): void {
  let line = 0;
  let seq = 0;
  const physfns = new Map<string, string>();
  const rows: RowOf<typeof PCI_FUNCTIONS>[] = [];
  scanLines(source, options.chunkSize, (buffer, start, end, offset, length) => {
    line++;
    const found = readFunction(Buffer.from(buffer.subarray(start, end)).toString('utf8'));
    if (!found) return;
    for (const vf of found.virtfns) physfns.set(vf, found.address);
    if (found.physfn) physfns.set(found.address, found.physfn);
    rows.push({
      ...EMPTY,
      source: out.id,
      seq: seq++,
      snapshot: 0,
      function: found.address,
      slot: found.address,
      driver: found.driver,
      iommu_group: found.iommuGroup,
      capabilities: 'none',
      is_vf: null,
      offset: BigInt(offset),
      length,
      line,
    });
  });
  for (const { source: _, ...row } of rows) {
    const pf = physfns.get(row.function as string) ?? null;
    // Every VF has a link to its PF in sysfs (drivers/pci/iov.c pci_iov_sysfs_link()).
    out.pciFunction({ ...row, pf, is_vf: pf !== null });
  }
}

/** A row that knows nothing; sysfs has no registers. */
const EMPTY = Object.fromEntries(
  PCI_FUNCTIONS.columns.map((column) => [column.name, null]),
) as unknown as RowOf<typeof PCI_FUNCTIONS>;
