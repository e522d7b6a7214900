import { readFileSync } from 'node:fs';
import { lspci } from '../../../ingest/lspci/index.ts';
import { Recording } from '../../../ingest/recording.ts';
import { headOf, MemorySource } from '../../../ingest/source.ts';
import {
  type IMPORT_LOG,
  type PCI_FUNCTIONS,
  type RowOf,
  rowsOf,
  type SOURCES,
} from '../../../tables/index.ts';

export interface ReadListing {
  readonly rows: RowOf<typeof PCI_FUNCTIONS>[];
  readonly log: RowOf<typeof IMPORT_LOG>[];
  readonly source: RowOf<typeof SOURCES>;
}

export const fixture = (name: string) => readFileSync(`test/fixtures/lspci/7.2-s5.${name}.txt`);

const bytesOf = (input: string | Uint8Array) => (typeof input === 'string' ? Buffer.from(input) : input);

export async function read(input: string | Uint8Array, chunkSize = 1 << 20): Promise<ReadListing> {
  const source = new MemorySource('lspci.txt', bytesOf(input));
  const recording = new Recording();
  const out = recording.addSource(source.path, lspci.id, source.size);
  await lspci.decode(source, out, { needs: { wants: () => true }, chunkSize });
  const { pciFunctions, importLog, sources } = recording.finish();
  return { rows: rowsOf(pciFunctions), log: rowsOf(importLog), source: rowsOf(sources)[0] };
}

export function accounted({ source }: ReadListing): bigint {
  return (
    source.record_bytes +
    source.continuation_bytes +
    source.marker_bytes +
    source.comment_bytes +
    source.unparsed_bytes
  );
}

export function detected(input: string | Uint8Array) {
  const source = new MemorySource('input', bytesOf(input));
  return lspci.detect({ path: source.path, head: headOf(source), size: source.size });
}

/** Rows without the places, which differ between renderings of the same state. */
export function states(listing: ReadListing) {
  return listing.rows.map((row) => ({
    ...row,
    offset: null,
    length: null,
    line: null,
    control_at: null,
    control_length: null,
    control_line: null,
  }));
}

/** Lines of `lspci -vvv` for a function that has what the options say. */
export function listed(
  address: string,
  {
    ats = 'Enable+, Smallest Translation Unit: 00',
    sriov,
  }: {
    readonly ats?: string;
    readonly sriov?: { enable: boolean; total: number; num: number; offset: number; stride: number };
  } = {},
): string {
  const lines = [
    `${address} Network controller [0280]: Example Device [1234:abcd] (rev 02) (prog-if 00 [None])`,
    '\tCapabilities: [40] Express (v2) Endpoint, IntMsgNum 0',
    '\t\tDevCtl:\tCorrErr- NonFatalErr- FatalErr- UnsupReq-',
    '\tCapabilities: [100 v1] Address Translation Service (ATS)',
    '\t\tATSCap:\tInvalidate Queue Depth: 1f',
    `\t\tATSCtl:\t${ats}`,
  ];
  if (sriov) {
    lines.push(
      '\tCapabilities: [140 v1] Single Root I/O Virtualization (SR-IOV)',
      `\t\tIOVCtl:\tEnable${sriov.enable ? '+' : '-'} Migration- Interrupt- MSE+ ARIHierarchy-`,
      `\t\tInitial VFs: ${sriov.total}, Total VFs: ${sriov.total}, Number of VFs: ${sriov.num}, Function Dependency Link: 00`,
      `\t\tVF offset: ${sriov.offset}, stride: ${sriov.stride}, Device ID: abce`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}
