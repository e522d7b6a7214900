import { describe, expect, test } from 'vitest';
import { ftraceText } from '../../../ingest/ftrace-text/index.ts';
import { ALL_FIXTURES, fixture } from './helpers.ts';

function detect(bytes: Uint8Array) {
  return ftraceText.detect({ path: 'x', head: bytes.subarray(0, 65536), size: bytes.length });
}

describe('detection', () => {
  test.each(ALL_FIXTURES)('%s is recognised', (name) => {
    const { confidence, why, detail } = detect(fixture(name));
    expect(confidence).toBeGreaterThanOrEqual(96);
    expect(why).not.toBe('');
    expect(detail).toMatch(name.includes('report') ? /^trace-cmd report$/ : /^tracefs trace \(/);
  });

  test.each(ALL_FIXTURES.filter((name) => !name.includes('nocontext') && !name.includes('percpu1')))(
    '%s is recognised without its header',
    (name) => {
      const body = fixture(name)
        .toString('latin1')
        .replace(/^(#.*|cpus=\d+)\n/gm, '');
      const { confidence, detail } = detect(Buffer.from(body, 'latin1'));
      expect(confidence).toBeGreaterThanOrEqual(80);
      expect(detail).not.toBe('perf script');
    },
  );

  test.each([
    [
      'kernel log',
      '[    8.611919][   T50] pci 0000:01:00.1: hello\n[    8.611920][   T50] WARNING: at f+0x1/0x2, CPU#1: sh/50\n',
    ],
    [
      'kernel log with a dump of ftrace',
      '[  1.2] ---------------------------------\n[  1.2]       sh-50        0d..1. 119499us#: e: a=1\n',
    ],
    ['/dev/kmsg', '6,339,5140900,-;NET: Registered PF_INET protocol family\n SUBSYSTEM=pci\n'],
    [
      'QEMU log',
      '1234@1700000000.123456:pci_cfg_write pf 01:00.0 @0x106 <- 0x8000\npci_cfg_write pf 01:00.0 @0x106 <- 0x0\n',
    ],
    ['lspci', '01:00.0 Ethernet controller: Red Hat, Inc. Virtio (rev 01)\n\tCapabilities: [100 v1] ATS\n'],
    ['lspci -xxxx', '00: f4 1a 41 10 07 04 10 00 01 00 00 02 00 00 00 00\n10: 04 00 00 fe 00 00 00 00\n'],
    ['a register dump', 'Code: 48 89 e5 48 8b 4d 08\n00000032 00000000 0000000152 deadbeef\n'],
    ['Markdown', '| a | b |\n|---|---|\n| f() | g |\n'],
    ['JSON', '{"a": [1, 2]}\n'],
    ['NULs', '# tracer: nop\0\n'],
    ['nothing', ''],
  ])('does not claim %s', (_, text) => {
    const { confidence, why } = detect(Buffer.from(text, 'latin1'));
    expect(confidence).toBeLessThan(20);
    expect(why).not.toBe('');
  });
});
