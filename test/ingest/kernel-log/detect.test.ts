import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { detect } from '../../../ingest/kernel-log/detect.ts';
import { FIXTURES, readCases } from './corpus.ts';

function detectBytes(bytes: Uint8Array) {
  return detect({ path: 'input', head: bytes.subarray(0, 65536), size: bytes.length });
}

const OTHERS = {
  'an ftrace header': '# tracer: nop\n#\n# entries-in-buffer/entries-written: 2/2   #P:2\n',
  'ftrace events':
    '          sh-150     [000] .....    25.421342: pci_enable_ats: (pci_enable_ats+0x0/0xf0) ps=12\n',
  'trace-cmd report': 'cpus=2\n          sh-150   [000] .....    25.421342: pci_enable_ats: ps=12\n',
  function_graph: ' 0)               |  pci_enable_ats() {\n 0)   0.350 us    |    pci_ats_supported();\n',
  'QEMU with times': '123@1699999.123456:pci_cfg_write virtio-net-pci 00:1 @0x106 <- 0x8000\n',
  'QEMU without times': 'pci_cfg_write virtio-net-pci 00:1 @0x106 <- 0x8000\nvtd_inv_desc type 1\n',
  'lspci -vvv':
    '00:01.0 Class 0200: Device 1af4:1041\n\tCapabilities: [100 v1] Address Translation Service (ATS)\n\t\tATSCtl:\tEnable+, Smallest Translation Unit: 00\n',
  'lspci -n': '0000:00:01.0 0200: 1af4:1041 (rev 01)\n0000:01:00.0 0200: 1af4:1041 (rev 01)\n',
  prose: 'Dear all,\nthe device does not come up.\n',
  'a log of other programs':
    'Nov 22 22:06:08 vm sshd[12]: Accepted publickey\nNov 22 22:06:09 vm cron[13]: job\n',
  nothing: '',
};

test.each(Object.entries(OTHERS))('leaves %s to others', (_, text) => {
  const found = detectBytes(Buffer.from(text));
  expect(found.confidence).toBeLessThan(20);
  expect(found.why).not.toBe('');
});

test('leaves trace.dat to others and says why', () => {
  const found = detectBytes(Buffer.concat([Buffer.from([0x17, 0x08, 0x44]), Buffer.from('tracing6\0\0\0')]));
  expect(found).toEqual({ confidence: 0, why: 'begins with the magic bytes of trace.dat' });
});

describe.each(['6.12-s3', '7.2-series-s1f'])('%s', (capture) => {
  test.each([
    ['dmesg.txt', 95, 'console or dmesg'],
    ['dmesg-x.txt', 95, 'dmesg -x'],
    ['dmesg-T.txt', 95, 'dmesg -T'],
    ['dmesg-r.txt', 95, 'dmesg -r or console with levels'],
    ['dmesg-t.txt', 25, 'text without times'],
    ['dmesg-delta.txt', 95, 'dmesg delta'],
    ['dmesg-iso.txt', 95, 'dmesg iso'],
    ['dmesg.json', 90, 'JSON'],
    ['kmsg.txt', 70, '/dev/kmsg'],
    ['serial.log', 95, 'console or dmesg'],
  ])('%s is a kernel log', (file, least, detail) => {
    const found = detectBytes(readFileSync(`${FIXTURES}captures/${capture}/${file}`));
    expect(found.confidence).toBeGreaterThanOrEqual(least);
    expect(found.detail).toBe(detail);
  });
});

test('claims every case of the corpus that is a log', () => {
  const missed = readCases().filter((one) => one.name !== 'not-text' && detectBytes(one.log).confidence < 20);
  expect(missed.map((one) => one.name)).toEqual([]);
});
