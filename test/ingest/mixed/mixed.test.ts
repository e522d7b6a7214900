import { describe, expect, it } from 'vitest';
import { splitMixed } from '../../../ingest/mixed/index.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { rowsOf } from '../../../tables/index.ts';
import { listing } from '../../support/listing-writer.ts';
import { analyzeBytes, labelsOf } from '../../support/pipeline.ts';

const PF = '0000:01:00.0';
const VF = '0000:01:00.1';
const LOG = [
  '[    0.000000] Linux version 6.12.1 (x) #1 SMP',
  `[    1.000000] pci ${PF}: Adding to iommu group 3`,
  '[    2.000000] AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=01:00.0 address=0x1000]',
  '',
].join('\n');
const LISTING = listing({ address: PF, control: 0x8000, vfs: 1 }, { address: VF, control: 0x8002 });
const SPLAT = [
  '------------[ cut here ]------------',
  'WARNING: CPU: 1 PID: 42 at drivers/pci/ats.c:132 pci_disable_ats+0x94/0xa8',
  'CPU: 1 PID: 42 Comm: insmod Not tainted 6.12.1 #1',
  'Call Trace:',
  ' <TASK>',
  ' device_block_translation+0x136/0x190',
  ' </TASK>',
  '---[ end trace 0000000000000000 ]---',
  '',
].join('\n');

async function read(text: string | Uint8Array, chunkSize?: number) {
  const analysis = await analyzeBytes({ 'bug.txt': text }, { chunkSize });
  const sources = rowsOf(analysis.sources);
  for (const row of sources) {
    const sum =
      row.record_bytes + row.continuation_bytes + row.marker_bytes + row.comment_bytes + row.unparsed_bytes;
    expect(sum).toBe(row.bytes);
  }
  return { analysis, formats: sources.map((row) => `${row.format} ${row.records}`) };
}

const prose = 'Hello,\n\nsince the update my machine hangs. This is the log:\n\n';

describe.each([
  ['log, then listing', `${LOG}\n${LISTING}`, 4],
  ['listing, then log', `${LISTING}\n${LOG}`, 4],
  ['prose, log, prose, listing, prose', `${prose}${LOG}\nand lspci:\n\n${LISTING}\nThanks\n`, 4],
  ['log, listing, log', `${LOG}\n${LISTING}\n[    3.000000] more\n`, 5],
])('%s', (_, text, records) => {
  it('each part is read by its own format', async () => {
    const { analysis, formats } = await read(text);
    expect(formats).toEqual([`kernel-log ${records - 1}`, 'lspci 2']);
    expect(labelsOf(analysis).sort()).toEqual([`ATS007@${VF}`, `ATS036@${PF}`]);
  });

  it('evidence stands where it stands in the whole input', async () => {
    const { analysis } = await read(text);
    const lines = text.split('\n');
    for (const row of rowsOf(analysis.evidence)) {
      expect(lines[(row.line ?? 0) - 1]).toBe(row.text);
      expect(text.slice(Number(row.offset)).startsWith(row.text)).toBe(true);
    }
  });

  it('at any chunk size, with CRLF, and quoted', async () => {
    const { formats } = await read(text);
    for (const chunkSize of [1, 7, 64]) expect((await read(text, chunkSize)).formats).toEqual(formats);
    expect((await read(text.replaceAll('\n', '\r\n'))).formats).toEqual(formats);
    const quoted = text.replace(/^/gm, '> ');
    expect((await read(quoted)).formats).toEqual(formats);
  });

  it('cut after every line it reads what is there', async () => {
    const lines = text.split('\n');
    for (let keep = 1; keep < lines.length; keep++) {
      const part = `${lines.slice(0, keep).join('\n')}\n`;
      const source = new MemorySource('bug.txt', Buffer.from(part));
      const parts = splitMixed(source);
      if (parts) expect(parts).toHaveLength(2);
    }
  });
});

it('a splat without times beside a listing', async () => {
  const { analysis, formats } = await read(`${SPLAT}\n${LISTING}`);
  expect(formats[1]).toBe('lspci 2');
  expect(rowsOf(analysis.splats).map((row) => [row.kind, row.symbol])).toEqual([['warn', 'pci_disable_ats']]);
  expect(labelsOf(analysis).sort()).toEqual(['ATS007@0000:01:00.1', 'ATS015@-']);
});

it('what only looks mixed is one input', () => {
  const whole = (text: string) => splitMixed(new MemorySource('x', Buffer.from(text)));
  expect(whole(LOG)).toBeNull();
  expect(whole(LISTING)).toBeNull();
  expect(whole(`${prose}${LISTING}`)).toBeNull();
  expect(whole(`${LOG}[    3.000000] example: Capabilities: [100] of nothing\n`)).toBeNull();
  expect(whole(`${LOG}01:00.0 Ethernet controller: Example Device\n`)).toBeNull();
  expect(whole('')).toBeNull();
});
