import { describe, expect, test } from 'vitest';
import { learnCapabilities } from '../../../model/hardware/capabilities.ts';
import { accounted, read } from './read.ts';

const STAMP = '2026-11-22T22:07:28.601247Z ';
const one = (line: string) => read(`${line}\n`);

test.each([
  ['ISO', `${STAMP}pci_cfg_write d 01:00.1 @0x106 <- 0x8000`, 1795385248601247000n],
  [
    'ISO without a fraction',
    '2026-11-22T22:07:28Z pci_cfg_write d 01:00.1 @0x106 <- 0x8000',
    1795385248000000000n,
  ],
  [
    'thread and seconds',
    '7@1795385833.000001:pci_cfg_write d 01:00.1 @0x106 <- 0x8000',
    1795385833000001000n,
  ],
  ['none', 'pci_cfg_write d 01:00.1 @0x106 <- 0x8000', null],
])('time: %s', (_, line, time) => {
  const { accesses, source } = one(line);
  expect(accesses).toMatchObject([{ time_ns: time, function: '0000:01:00.1', where: 0x106, value: 0x8000 }]);
  expect([source.clock, source.time_unit]).toEqual(time === null ? [null, 'ticks'] : ['wall', 'ns']);
  expect(source.first_ns).toBe(time);
});

test.each([
  ['virtio-net-pci 01:00.1 @0x106 <- 0x8000', '0000:01:00.1', 'virtio-net-pci', '01:00.1', true],
  ['virtio-net-pci 1f:1f.7 @0xffc -> 0xffffffff', '0000:1f:1f.7', 'virtio-net-pci', '1f:1f.7', false],
  ['virtio-net-pci 31:7 @0x0 -> 0x1', null, 'virtio-net-pci', '31:7', false],
  ['my own device 04:0 @0x106 <- 0x8000', null, 'my own device', '04:0', true],
  ['d 0001:01:00.1 @0x106 <- 0x0', '0001:01:00.1', 'd', '0001:01:00.1', true],
])('access %s', (text, fn, device, slot, isWrite) => {
  const name = isWrite ? 'pci_cfg_write' : 'pci_cfg_read';
  expect(one(`${STAMP}${name} ${text}`).accesses).toMatchObject([
    { function: fn, device, slot, is_write: isWrite, width: null },
  ]);
});

test.each([
  'd 01:00.1 @0x106',
  'd 01:00.1 @0x106 <- ',
  'd 01:00.1 @0x106 <- 0x8000 more',
  'd 01:00.1 @0x106 <- 0x180000000',
  'd 01:00.1 @0x10006 <- 0x0',
  'd 01:20.1 @0x106 <- 0x0',
  'd 01:00.8 @0x106 <- 0x0',
  'd 0g:00.0 @0x106 <- 0x0',
  'd zz @0x106 <- 0x0',
  '01:00.1 @0x106 <- 0x0',
  '@0x106 <- 0x0',
  '@',
  '',
])('no access: %s', (text) => {
  const { accesses, log, source } = one(`${STAMP}pci_cfg_write ${text}`);
  expect(accesses).toEqual([]);
  expect(log.map((row) => row.code)).toEqual(['config-access-shape']);
  expect(source.records).toBe(1n);
});

test('arguments are found by the names they print', () => {
  const trace = read(
    [
      `${STAMP}amdvi_command_exec command buffer head at 0x0 command buffer tail at 0x10 command buffer base at 0x183a000`,
      `${STAMP}smmuv3_cmdq_consume prod=5 cons=4 prod.wrap=1 cons.wrap=-1`,
      `${STAMP}smmuv3_cmdq_cfgi_ste streamid =8`,
      `${STAMP}amdvi_devtab_inval device table entry for devid: ff:14.0 invalidated`,
      `${STAMP}smmuv3_read_mmio addr: 0x20 val:0xffffffffffffffff size: 0x4(0)`,
      `${STAMP}my_event a 1 a 2 a 3, b=text; c`,
      `${STAMP}my_empty `,
      '',
    ].join('\n'),
  );
  const fields = (name: string) => {
    const {
      source,
      seq,
      time_ns,
      cpu,
      pid,
      comm,
      flags,
      symbol,
      caller,
      is_return,
      offset,
      length,
      line,
      ...rest
    } = trace.events[name][0] as Record<string, unknown>;
    const { text, ...named } = rest;
    return named;
  };
  expect(fields('amdvi_command_exec')).toEqual({ head: 0n, tail: 0x10n, base: 0x183a000n });
  expect(fields('smmuv3_cmdq_consume')).toEqual({ prod: 5n, cons: 4n, prod_wrap: 1n, cons_wrap: -1n });
  expect(fields('smmuv3_cmdq_cfgi_ste')).toEqual({ streamid: 8n });
  expect(fields('amdvi_devtab_inval')).toEqual({ devid: 'ff:14.0' });
  expect(fields('smmuv3_read_mmio')).toEqual({ addr: 0x20n, val: 0xffffffffffffffffn, size: '0x4(0' });
  expect(fields('my_event')).toEqual({ a: 1n, a_2: 2n, a_3: 3n, b: 'text' });
  expect(fields('my_empty')).toEqual({});
  expect(trace.simulator.map((row) => [row.kind, row.function])).toEqual([
    ['iommu-invalidation', null],
    ['iommu-invalidation', '0000:ff:14.0'],
  ]);
});

test('events that nobody wants are counted', () => {
  const { recorded, events } = read(`${STAMP}a_b c 1\n${STAMP}a_b c 2\n${STAMP}d_e f 1\n`, {
    wants: (name) => name === 'd_e',
  });
  expect(Object.keys(events)).toEqual(['d_e']);
  expect(recorded.eventCounts[0]).toEqual(
    new Map([
      ['a_b', 2],
      ['d_e', 1],
    ]),
  );
});

describe('other lines', () => {
  const mixed = [
    '[    0.000000] Linux version 7.2.13',
    `${STAMP}pci_cfg_read d 01:00.0 @0x0 -> 0x1af4`,
    'pci_cfg_read d 01:00.0 @0x0 -> 0x1af4',
    'qemu-system-x86_64: warning: something',
    `host login: ${STAMP}pci_cfg_read d 01:00.0 @0x2 -> 0x1041`,
    `${STAMP}Invalid access at addr 0x0`,
    '',
    '\u001b[0m done',
    '',
  ].join('\n');

  test('console and messages are separated out, also before an event on one line', () => {
    const trace = read(mixed);
    expect(trace.accesses.map((row) => row.where)).toEqual([0, 2]);
    expect(trace.log.map((row) => [row.code, row.count, row.line])).toEqual([
      ['guest-console', 5, 1],
      ['qemu-message', 1, 4],
    ]);
    expect(accounted(trace)).toBe(trace.source.bytes);
    expect(trace.source.unparsed).toBe(0n);
    const { offset, length } = trace.accesses[1];
    expect(
      Buffer.from(mixed)
        .subarray(Number(offset), Number(offset) + length)
        .toString(),
    ).toBe(`${STAMP}pci_cfg_read d 01:00.0 @0x2 -> 0x1041\n`);
  });

  test('without times only known families of events count', () => {
    const trace = read(
      'pci_bus 0000:01: resource 0\nsome_word else\nvtd_inv_desc_wait_sw addr 0x1 data 0x2\n',
    );
    expect([...trace.recorded.eventCounts[0].keys()]).toEqual(['vtd_inv_desc_wait_sw']);
    expect(trace.simulator).toMatchObject([{ kind: 'invalidation-wait', time_ns: null }]);
    expect(trace.events.vtd_inv_desc_wait_sw).toMatchObject([{ time_ns: 0n, addr: 1n, data: 2n }]);
  });

  test('times that go back are said', () => {
    const { log } = read('1@20.000000:a_b \n1@10.000000:a_b \n1@11.000000:a_b \n');
    expect(log.map((row) => [row.code, row.count, row.line])).toEqual([['time-backwards', 1, 2]]);
  });
});

describe('learning capabilities', () => {
  const learned = (...reads: [string, number, number][]) =>
    learnCapabilities(
      read(
        reads
          .map(
            ([fn, at, value]) =>
              `${STAMP}pci_cfg_read d ${fn} @0x${at.toString(16)} -> 0x${value.toString(16)}\n`,
          )
          .join(''),
      ).recorded.configAccesses,
    );

  test('the list is followed, whatever else is read', () => {
    const map = learned(
      ['01:00.0', 0x200, 0x0001000f],
      ['01:00.0', 0x100, 0x14010001],
      ['01:00.0', 0x140, 0x1801001b],
      ['01:00.0', 0x180, 0x20010013],
      ['01:00.0', 0x200, 0x0001000f],
      ['02:00.0', 0x140, 0x0001000f],
    );
    expect(map.get('0000:01:00.0')).toMatchObject({
      ats: { offset: 0x200, seq: 4 },
      pasid: { offset: 0x140 },
      pri: { offset: 0x180 },
      sriov: null,
      whole: true,
    });
    expect(map.has('0000:02:00.0')).toBe(false);
  });

  test('half a header, a writer and nobody say nothing', () => {
    expect(learned(['01:00.0', 0x100, 0x000f]).size).toBe(0);
    expect(learned(['01:00.0', 0x100, 0xffffffff]).size).toBe(0);
    expect(learned(['01:0', 0x100, 0x1000f]).size).toBe(0);
    const written = read(`${STAMP}pci_cfg_write d 01:00.0 @0x100 <- 0x1000f\n`);
    expect(learnCapabilities(written.recorded.configAccesses).size).toBe(0);
  });

  test('another device at the address: what was learned holds for neither', () => {
    const map = learned(
      ['01:00.0', 0x100, 0x1000f],
      ['01:00.0', 0x100, 0x14010001],
      ['01:00.0', 0x140, 0x1000f],
    );
    expect(map.get('0000:01:00.0')?.ats).toBe(null);
  });

  test('a list that leads into itself ends', () => {
    expect(learned(['01:00.0', 0x100, 0x10010010]).get('0000:01:00.0')).toMatchObject({
      sriov: { offset: 0x100 },
      whole: true,
    });
  });
});
