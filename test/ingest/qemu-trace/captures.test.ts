import { expect, test } from 'vitest';
import { decodeControl } from '../../../model/control-register.ts';
import { UNKNOWN } from '../../../model/events.ts';
import { learnCapabilities } from '../../../model/hardware/capabilities.ts';
import { accounted, fixture, read } from './read.ts';

/** Writes of ATS Control at 0x106, function by function. */
function controlWrites(name: string): Record<string, string[]> {
  const writes: Record<string, string[]> = {};
  for (const row of read(fixture(name)).accesses) {
    if (!row.is_write || row.where !== 0x106) continue;
    const key = row.function ?? row.slot;
    writes[key] = [...(writes[key] ?? []), `0x${row.value.toString(16)}`];
  }
  return writes;
}

test('7.2-s5: the three registers that were rewritten', () => {
  expect(controlWrites('7.2-s5')).toEqual({
    '0000:01:00.0': ['0x0', '0x8000', '0x8001'],
    '0000:02:00.0': ['0x0', '0x8000', '0x0'],
    '0000:01:00.1': ['0x8000', '0x0', '0x0'],
    '0000:01:00.2': ['0x8000', '0x0'],
    '0000:01:00.3': ['0x8000', '0x0'],
  });
});

test('7.2-s5: capabilities are learned from reads, and the writes decoded with them', () => {
  const { recorded, accesses, source } = read(fixture('7.2-s5'));
  const learned = learnCapabilities(recorded.configAccesses);
  const pf = learned.get('0000:01:00.0');
  expect(pf).toMatchObject({ ats: { offset: 0x100 }, sriov: { offset: 0x108 }, pri: null, pasid: null });
  expect(pf?.ats?.how).toBe('read 0x1081000f at 0x100, where the start of the list leads');
  expect(learned.get('0000:02:00.0')).toMatchObject({ ats: { offset: 0x100 }, sriov: null, whole: true });
  expect(learned.get('0000:01:00.3')).toMatchObject({ ats: { offset: 0x100 }, sriov: null, whole: true });
  const decoded = accesses.flatMap((row) => {
    const offset = learned.get(row.function ?? '')?.ats?.offset;
    if (!row.is_write || offset === undefined) return [];
    const control = decodeControl(offset, row.where, row.width ?? UNKNOWN, row.value);
    return control ? [[row.function, control.enable, control.stu]] : [];
  });
  expect(decoded).toContainEqual(['0000:01:00.0', 1, 1]);
  expect(decoded).toContainEqual(['0000:01:00.1', 0, 0]);
  expect(decoded).toHaveLength(13);
  expect(source).toMatchObject({
    clock: 'wall',
    time_unit: 'ns',
    precision_ns: 1000n,
    detail: 'log',
    complete: true,
  });
});

test('7.2-s5: a row and its place', () => {
  const bytes = fixture('7.2-s5');
  const row = read(bytes).accesses.find((access) => access.value === 0x8001);
  expect(row).toMatchObject({
    time_ns: 1795385266792811000n,
    is_write: true,
    function: '0000:01:00.0',
    device: 'virtio-net-pci',
    slot: '01:00.0',
    where: 0x106,
    width: null,
  });
  const at = Number(row?.offset);
  expect(bytes.subarray(at, at + (row?.length ?? 0)).toString()).toBe(
    '2026-11-22T22:07:46.792811Z pci_cfg_write virtio-net-pci 01:00.0 @0x106 <- 0x8001\n',
  );
  expect(bytes.subarray(0, at).toString().split('\n')).toHaveLength(row?.line ?? 0);
});

test('7.2-s5: VFs, and invalidations of device TLBs with the function of their descriptor', () => {
  const { simulator } = read(fixture('7.2-s5'));
  expect(simulator.find((row) => row.kind === 'vfs-created')).toMatchObject({
    event: 'sriov_register_vfs',
    function: null,
    device: 'virtio-net-pci',
    count: 3,
    text: 'virtio-net-pci 00:0: creating 3 vf devs',
  });
  const told = simulator.filter((row) => row.kind === 'atc-invalidation').map((row) => row.function);
  expect([...new Set(told)]).toEqual(['0000:01:00.1', '0000:01:00.2', '0000:01:00.3']);
  const own = simulator.filter((row) => row.event === 'vtd_inv_desc_cc_device').map((row) => row.function);
  expect(own).toEqual(['0000:01:00.1', '0000:01:00.2', '0000:01:00.3']);
});

test('6.12-s2: writes only; VF 2 is never enabled and nothing is learned', () => {
  expect(controlWrites('6.12-s2')).toEqual({
    '0000:01:00.0': ['0x0', '0x8000'],
    '0000:02:00.0': ['0x0', '0x8000'],
    '0000:01:00.1': ['0x8000', '0x0'],
    '0000:01:00.3': ['0x8000', '0x0'],
  });
  const { recorded, events } = read(fixture('6.12-s2'));
  expect(learnCapabilities(recorded.configAccesses).size).toBe(0);
  expect(events.vtd_inv_desc_iec[0]).toMatchObject({ granularity: 1n, index: 16n, mask: 0n });
  expect(events.vtd_inv_desc[0]).toMatchObject({
    high: 0n,
    low: 0x1000000014n,
    text: 'invalidate desc type iec high 0x0 low 0x1000000014',
  });
  expect(events.sriov_config_write[0]).toMatchObject({
    arg_offset: expect.any(BigInt),
    len: expect.any(BigInt),
  });
});

test('an older QEMU: thread and seconds before each line', () => {
  const { accesses, events, source } = read(fixture('old-stamps'));
  expect(accesses[0]).toMatchObject({
    time_ns: 1795385833428158000n,
    function: '0000:00:00.0',
    device: 'mch',
    where: 0x90,
    value: 0x33333330,
  });
  expect(events.pci_cfg_write[0]).toMatchObject({
    pid: 23421,
    dev: 'mch',
    slot: '00:00.0',
    offs: 0x90n,
    val: 0x33333330n,
  });
  expect(controlWrites('old-stamps')).toEqual({ '0000:01:00.0': ['0x0', '0x8000'] });
  expect(source.clock).toBe('wall');
});

test.each(['7.2-s5', '6.12-s2', 'old-stamps'])(
  '%s: any chunk size, CRLF, every byte in one bucket',
  (name) => {
    const plain = read(fixture(name));
    expect(accounted(plain)).toBe(plain.source.bytes);
    expect(plain.source.record_bytes).toBe(plain.source.bytes);
    expect(plain.log).toEqual([]);
    for (const chunkSize of [1, 7, 64, 4096]) expect(read(fixture(name), { chunkSize })).toEqual(plain);
    const windows = read(fixture(name).toString().replace(/\n/g, '\r\n'));
    const states = (trace: typeof plain) => trace.accesses.map((row) => ({ ...row, offset: 0n, length: 0 }));
    expect(states(windows)).toEqual(states(plain));
    expect(windows.source.record_bytes).toBe(windows.source.bytes);
  },
);

test('cut after every line and in it', () => {
  const bytes = fixture('7.2-s5');
  const whole = read(bytes).accesses;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    for (const end of [at + 1, at, at - 3]) {
      const cut = read(bytes.subarray(0, end));
      expect(accounted(cut)).toBe(BigInt(end));
      expect(cut.source.complete).toBe(end === at + 1);
      expect(cut.accesses).toEqual(whole.slice(0, cut.accesses.length));
      if (end !== at + 1) expect(cut.losses).toMatchObject([{ kind: 'cut' }]);
    }
  }
});
