import { describe, expect, test } from 'vitest';
import { accounted, fixture, read, states } from './read.ts';

const PF = '0000:01:00.0';
const [VF1, VF2, VF3] = ['0000:01:00.1', '0000:01:00.2', '0000:01:00.3'];
const PLAIN = '0000:02:00.0';

/** ATS Control of each function as the manifest of the capture says that it was written. */
const CONTROL: Record<string, Record<string, number>> = {
  before: { [PF]: 0x8000, [PLAIN]: 0x8000 },
  vfs: { [PF]: 0x8000, [VF1]: 0x8000, [VF2]: 0x8000, [VF3]: 0x8000, [PLAIN]: 0x8000 },
  drift1: { [PF]: 0x8000, [VF1]: 0x0000, [VF2]: 0x8000, [VF3]: 0x8000, [PLAIN]: 0x8000 },
  drift2: { [PF]: 0x8001, [VF1]: 0x0000, [VF2]: 0x8000, [VF3]: 0x8000, [PLAIN]: 0x8000 },
  drift3: { [PF]: 0x8001, [PLAIN]: 0x0000 },
};

describe.each(Object.keys(CONTROL))('state %s', (state) => {
  test.each(['vvv', 'xxxx'])('ATS Control in %s', async (rendering) => {
    const bytes = fixture(`${rendering}.${state}`);
    const { rows, log } = await read(bytes);
    expect(
      Object.fromEntries(
        rows.map((row) => [row.function, (row.ats_enable ? 0x8000 : 0) | (row.ats_stu ?? -1)]),
      ),
    ).toEqual(CONTROL[state]);
    for (const row of rows) {
      const at = Number(row.control_at);
      const line = bytes.subarray(at, at + (row.control_length ?? 0)).toString();
      expect(line).toMatch(rendering === 'vvv' ? /^\t\tATSCtl:.*\n$/ : /^100: 0f 00 .*\n$/);
      expect(bytes.subarray(0, at).toString().split('\n')).toHaveLength(row.control_line ?? 0);
      expect(row.capabilities).toBe(rendering === 'vvv' ? 'text' : 'bytes');
    }
    expect(log).toEqual([]);
  });

  test('text and hex dump tell the same', async () => {
    const text = await read(fixture(`vvv.${state}`));
    const bytes = await read(fixture(`xxxx.${state}`));
    const shared = (rows: ReturnType<typeof states>) =>
      rows.map((row) => ({
        ...row,
        capabilities: null,
        driver: null,
        iommu_group: null,
        ats_page_aligned: null,
        ats_global_invalidate: null,
        vendor_id: null,
        device_id: null,
      }));
    expect(shared(states(text))).toEqual(shared(states(bytes)));
  });
});

test('all that a listing with VFs says of the PF and of a VF', async () => {
  const { rows } = await read(fixture('vvv.vfs'));
  expect(rows[0]).toMatchObject({
    seq: 0,
    snapshot: 0,
    function: PF,
    slot: '01:00.0',
    class: 'Ethernet controller',
    class_code: 0x0200,
    name: 'Red Hat, Inc. Virtio 1.0 network device',
    vendor_id: 0x1af4,
    device_id: 0x1041,
    driver: 'virtio-pci',
    iommu_group: 5,
    has_ats: true,
    ats_cap_offset: 0x100,
    ats_page_shift: 12,
    ats_queue_depth: 0,
    ats_page_aligned: null,
    pasid_cap_offset: null,
    sriov_cap_offset: 0x108,
    sriov_vf_enable: true,
    sriov_initial_vfs: 3,
    sriov_total_vfs: 3,
    sriov_num_vfs: 3,
    sriov_offset: 1,
    sriov_stride: 1,
    sriov_vf_device: 0x1041,
    is_vf: false,
    pf: null,
    line: 1,
  });
  expect(rows.map((row) => [row.is_vf, row.pf, row.iommu_group])).toEqual([
    [false, null, 5],
    [true, PF, 7],
    [true, PF, 8],
    [true, PF, 9],
    [null, null, 6],
  ]);
});

test('a hex dump shows Page Aligned Request; ids of a VF read as ones and stay unknown', async () => {
  const { rows } = await read(fixture('xxxx.vfs'));
  expect(rows.map((row) => row.ats_page_aligned)).toEqual([true, true, true, true, true]);
  expect(rows.map((row) => row.vendor_id)).toEqual([0x1af4, null, null, null, 0x1af4]);
  expect(rows[0].class_code).toBe(0x0200);
});

test('listings one after another are snapshots in order', async () => {
  const names = ['vvv.before', 'vvv.vfs', 'vvv.drift1', 'xxxx.drift2', 'vvv.drift3'];
  const parts = names.map((name) => Buffer.concat([Buffer.from('$ lspci -vvv\n'), fixture(name)]));
  const listing = await read(Buffer.concat(parts));
  expect(listing.rows.map((row) => row.snapshot)).toEqual([
    0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4,
  ]);
  expect(listing.rows.map((row) => row.seq)).toEqual(listing.rows.map((_, i) => i));
  expect(listing.rows.filter((row) => row.function === VF1).map((row) => row.ats_enable)).toEqual([
    true,
    false,
    false,
  ]);
  expect(listing.source.detail).toBe('5 listings');
  expect(listing.log).toEqual([]);
});

test.each(['vvv.drift2', 'xxxx.vfs'])('%s in any chunk size, quoted, with CRLF, indented', async (name) => {
  const plain = await read(fixture(name));
  expect(accounted(plain)).toBe(plain.source.bytes);
  expect(plain.source.unparsed_bytes).toBe(0n);
  for (const chunkSize of [1, 7, 64, 4096]) expect(await read(fixture(name), chunkSize)).toEqual(plain);
  const text = fixture(name).toString();
  const renderings = [
    text.replace(/^/gm, '> ').replace(/> $/, ''),
    text.replace(/^/gm, '> > '),
    text.replace(/\n/g, '\r\n'),
    text.replace(/^(?=.)/gm, '    '),
    text.replace(/^\t+/gm, (tabs) => '\u00a0'.repeat(tabs.length * 8)),
    text.replace(/\t/g, '        '),
    text.replace(/^\t+/gm, ''),
    text.replace(/\n/g, '\n\n'),
    `\ufeff${text}`,
  ];
  for (const rendering of renderings) {
    const listing = await read(rendering);
    expect(states(listing)).toEqual(states(plain));
    expect(accounted(listing)).toBe(listing.source.bytes);
  }
});

test.each(['vvv.before', 'xxxx.before'])('%s cut after every line and in it', async (name) => {
  const bytes = fixture(name);
  const whole = states(await read(bytes));
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    for (const end of [at + 1, at, at - 3]) {
      const listing = await read(bytes.subarray(0, end));
      expect(accounted(listing)).toBe(listing.source.bytes);
      for (const [i, row] of states(listing).entries()) {
        for (const name of [
          'ats_enable',
          'ats_stu',
          'sriov_num_vfs',
          'sriov_offset',
          'iommu_group',
        ] as const) {
          expect([null, whole[i][name]]).toContain(row[name]);
        }
      }
    }
  }
});
