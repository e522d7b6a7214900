import { expect, test } from 'vitest';
import { virtualFunctions } from '../../../ingest/lspci/index.ts';
import { listed, read } from './read.ts';

const one = async (text: string) => (await read(text)).rows[0];

test('raw field and page shift', async () => {
  const row = await one(listed('01:00.0', { ats: 'Enable-, Smallest Translation Unit: 1f' }));
  expect([row.ats_enable, row.ats_stu, row.ats_page_shift, row.ats_queue_depth]).toEqual([false, 31, 43, 31]);
});

test('lspci -v lists ATS without its control bits: the state is unknown', async () => {
  const row = await one('01:00.0 VGA: A\n\tCapabilities: [200] Address Translation Service (ATS)\n');
  expect(row).toMatchObject({
    has_ats: true,
    ats_cap_offset: 0x200,
    ats_enable: null,
    ats_stu: null,
    control_at: null,
  });
});

test.each([
  ['a short listing', '', null, 'none'],
  ['capabilities in the first 256 bytes only', '\tCapabilities: [40] Express Endpoint\n', null, 'none'],
  ['another extended capability', '\tCapabilities: [100] Advanced Error Reporting\n', false, 'text'],
  ['no permission', '\tCapabilities: <access denied>\n', null, 'denied'],
  ['a pciutils that does not know ATS', '\tCapabilities: [180] #0f\n', true, 'text'],
  ['the words of a newer one', '\tCapabilities: [180 v1] Extended Capability ID 0x0f\n', true, 'text'],
  ['a loop', '\tCapabilities: [100 v1] Null\n\tCapabilities: [100 v1] <chain looped>\n', null, 'none'],
])('whether there is ATS: %s', async (_, lines, hasAts, capabilities) => {
  expect(await one(`01:00.0 VGA: A\n${lines}`)).toMatchObject({ has_ats: hasAts, capabilities });
});

test.each([
  [
    '01:00.0 Ethernet controller [0200]: Ex [A] Corp Device [15b3:101e] (rev 01) (prog-if 00 [X])',
    {
      class: 'Ethernet controller',
      class_code: 0x200,
      name: 'Ex [A] Corp Device',
      vendor_id: 0x15b3,
      device_id: 0x101e,
    },
  ],
  [
    '01:00.0 0200: 15b3:101e (rev ff)',
    { class: null, class_code: 0x200, name: null, vendor_id: 0x15b3, device_id: 0x101e },
  ],
  [
    '01:00.0 Class 0580: Device 16c3:edda',
    { class: 'Class 0580', class_code: 0x580, vendor_id: 0x16c3, device_id: 0xedda },
  ],
  [
    '01:00.0 Non-VGA unclassified device: Ex Pro\u00e9',
    { class_code: null, name: 'Ex Pro\u00e9', vendor_id: null, device_id: null },
  ],
])('first line %s', async (line, expected) => {
  expect(await one(`${line}\n`)).toMatchObject(expected);
});

test('domains: five digits, and none beside others', async () => {
  const { rows, log } = await read('00:01.0 A: B\n10000:e1:00.0 A: C\n');
  expect(rows.map((row) => [row.function, row.slot])).toEqual([
    [null, '00:01.0'],
    ['10000:e1:00.0', '10000:e1:00.0'],
  ]);
  expect(log.map((row) => row.code)).toEqual(['domain-unknown']);
  const alike = await read('00:01.0 A: B\n0000:01:00.0 A: C\n');
  expect(alike.rows.map((row) => row.function)).toEqual(['0000:00:01.0', '0000:01:00.0']);
});

test('VFs with an offset and a stride of 256 are on buses of their own', async () => {
  const pf = listed('01:00.0', { sriov: { enable: true, total: 15, num: 2, offset: 256, stride: 256 } });
  const { rows } = await read(
    `${pf}${listed('01:00.1')}${listed('02:00.0')}${listed('03:00.0')}${listed('04:00.0')}`,
  );
  expect(rows.map((row) => [row.slot, row.is_vf, row.pf])).toEqual([
    ['01:00.0', false, null],
    ['01:00.1', null, null],
    ['02:00.0', true, '0000:01:00.0'],
    ['03:00.0', true, '0000:01:00.0'],
    ['04:00.0', null, null],
  ]);
});

test('addresses alone make no VF: VF Enable must be set', async () => {
  const pf = listed('01:00.0', { sriov: { enable: false, total: 7, num: 7, offset: 1, stride: 1 } });
  const { rows } = await read(`${pf}${listed('01:00.1')}`);
  expect(rows.map((row) => row.is_vf)).toEqual([false, null]);
});

test('a PF of another domain has no VFs here', async () => {
  const pf = listed('0000:01:00.0', { sriov: { enable: true, total: 7, num: 7, offset: 1, stride: 1 } });
  const { rows } = await read(`${pf}${listed('0001:01:00.1')}`);
  expect(rows.map((row) => row.is_vf)).toEqual([false, null]);
});

test('virtual functions carry into the next bus and stop at the last', () => {
  expect([...virtualFunctions(0x01f8, 8, 4, 3)]).toEqual([0x200, 0x204, 0x208]);
  expect([...virtualFunctions(0xfff0, 8, 8, 65535)]).toEqual([0xfff8]);
  expect([...virtualFunctions(0x0100, 0, 1, 4)]).toEqual([]);
  expect([...virtualFunctions(0x0100, 1, 0, 4)]).toEqual([]);
  expect([...virtualFunctions(0x0100, 1, 0, 1)]).toEqual([0x101]);
});

test('more VFs than TotalVFs is said', async () => {
  const { log } = await read(
    listed('01:00.0', { sriov: { enable: true, total: 2, num: 3, offset: 1, stride: 1 } }),
  );
  expect(log.map((row) => row.code)).toEqual(['too-many-vfs']);
});

const HEADER = '00: 34 12 cd ab 06 04 10 00 02 00 80 02 00 00 00 00';
/** ATS at 0x100 (queue depth 31, enabled, STU 1), PASID at 0x110, PRI at 0x120, SR-IOV at 0x140. */
const EXTENDED = [
  '100: 0f 00 01 11 7f 00 01 80 00 00 00 00 00 00 00 00',
  '110: 1b 00 01 12 06 14 03 00 00 00 00 00 00 00 00 00',
  '120: 13 00 01 14 01 00 00 81 00 01 00 00 20 00 00 00',
  '140: 10 00 01 00 00 00 00 00 09 00 00 00 08 00 08 00',
  '150: 04 00 00 00 80 00 02 00 00 00 ce ab 53 05 00 00',
];
const DUMP = `${[HEADER, ...EXTENDED].join('\n')}\n`;

test('a hex dump, field by field', async () => {
  expect(await one(`01:00.0 A: B\n${DUMP}`)).toMatchObject({
    vendor_id: 0x1234,
    device_id: 0xabcd,
    class_code: 0x0280,
    capabilities: 'bytes',
    ats_cap_offset: 0x100,
    ats_enable: true,
    ats_stu: 1,
    ats_page_shift: 13,
    ats_queue_depth: 31,
    ats_page_aligned: true,
    ats_global_invalidate: true,
    pasid_cap_offset: 0x110,
    pasid_exec_supported: true,
    pasid_priv_supported: true,
    pasid_width: 20,
    pasid_enable: true,
    pasid_exec: true,
    pasid_priv: false,
    pri_cap_offset: 0x120,
    pri_enable: true,
    pri_reset: false,
    pri_response_failure: false,
    pri_stopped: true,
    pri_pasid_required: true,
    pri_capacity: 256,
    pri_allocation: 32,
    sriov_cap_offset: 0x140,
    sriov_vf_enable: true,
    sriov_initial_vfs: 8,
    sriov_total_vfs: 8,
    sriov_num_vfs: 4,
    sriov_offset: 128,
    sriov_stride: 2,
    sriov_vf_device: 0xabce,
  });
});

test('the same facts as text', async () => {
  const text = [
    '01:00.0 Network controller [0280]: B [1234:abcd]',
    '\tCapabilities: [100 v1] Address Translation Service (ATS)',
    '\t\tATSCap:\tInvalidate Queue Depth: 1f',
    '\t\tATSCtl:\tEnable+, Smallest Translation Unit: 01',
    '\tCapabilities: [110 v1] Process Address Space ID (PASID)',
    '\t\tPASIDCap: Exec+ Priv+, Max PASID Width: 14',
    '\t\tPASIDCtl: Enable+ Exec+ Priv-',
    '\tCapabilities: [120 v1] Page Request Interface (PRI)',
    '\t\tPRICtl: Enable+ Reset-',
    '\t\tPRISta: RF- UPRGI- Stopped+ PASID+',
    '\t\tPage Request Capacity: 00000100, Page Request Allocation: 00000020',
    '\tCapabilities: [140 v1] Single Root I/O Virtualization (SR-IOV)',
    '\t\tIOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy-',
    '\t\tInitial VFs: 8, Total VFs: 8, Number of VFs: 4, Function Dependency Link: 00',
    '\t\tVF offset: 128, stride: 2, Device ID: abce',
    '',
  ].join('\n');
  const fromText = await one(text);
  const { rows, log } = await read(`${text}${DUMP}`);
  expect(log).toEqual([]);
  const places = {
    capabilities: 'text',
    control_at: fromText.control_at,
    control_length: fromText.control_length,
    control_line: 4,
  };
  expect({ ...rows[0], ats_page_aligned: null, ats_global_invalidate: null, ...places }).toEqual(fromText);

  const mailed = text
    .replace('Smallest Translation', 'Smallest\nTranslation')
    .replace('Max PASID', 'Max\n PASID');
  expect((await one(mailed)).ats_enable).toBe(true);
  const wide = text.replace(/^\t+/gm, ' '.repeat(40)).replace('Translation Unit', 'Translation\nUnit');
  expect((await one(wide)).ats_stu).toBe(1);
});

test('where text and hex dump differ the bytes win, and it is said', async () => {
  const { rows, log } = await read(
    `01:00.0 A: B\n\tCapabilities: [100 v1] Address Translation Service (ATS)\n\t\tATSCtl:\tEnable-, Smallest Translation Unit: 00\n${DUMP}`,
  );
  expect(rows[0]).toMatchObject({ capabilities: 'bytes', ats_enable: true, ats_stu: 1, control_line: 5 });
  expect(log).toMatchObject([{ code: 'text-and-bytes-differ', line: 5, severity: 'warning' }]);
  expect(log[0].message).toBe(
    '0000:01:00.0: text and hex dump differ in ats_enable, ats_stu; the hex dump is used',
  );
});

test.each([
  ['64 bytes (-x)', `${HEADER}\n`, null],
  ['256 bytes (-xxx)', `${HEADER}\nf0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n`, null],
  ['an empty list', `${HEADER}\n100: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n`, false],
  [
    'a list that leads out of the dump',
    `${HEADER}\n100: 01 00 01 20 00 00 00 00 00 00 00 00 00 00 00 00\n`,
    null,
  ],
  [
    'a list that leads into itself',
    `${HEADER}\n100: 01 00 01 10 00 00 00 00 00 00 00 00 00 00 00 00\n`,
    null,
  ],
  ['a device that does not answer', `00: ${'ff '.repeat(15)}ff\n100: ${'ff '.repeat(15)}ff\n`, null],
])('hex dump with %s', async (_, dump, hasAts) => {
  expect((await one(`01:00.0 A: B\n${dump}`)).has_ats).toBe(hasAts);
});

test('a function that reads as ones throughout says nothing', async () => {
  const rows = [0, 0x10, 0x20, 0x30, 0x100].map(
    (at) => `${at.toString(16).padStart(2, '0')}: ${'ff '.repeat(15)}ff`,
  );
  expect(await one(`01:00.0 A: B\n${rows.join('\n')}\n`)).toMatchObject({
    has_ats: null,
    vendor_id: null,
    class_code: null,
  });
});

test('trees, commands and messages are passed over', async () => {
  const text = [
    '-[0000:00]-+-00.0  Intel Corporation',
    '           +-01.0-[01]--+-00.0  Red Hat',
    '           |            \\-00.1',
    '           \\-1f.0',
    'root@host:~# lspci -nn',
    'pcilib: sysfs_read_vpd: read failed: No such device',
    '01:00.0 A: B',
    'Thanks, somebody',
    '',
  ].join('\n');
  const { rows, log, source } = await read(text);
  expect(rows).toHaveLength(1);
  expect(log.map((row) => [row.code, row.count])).toEqual([
    ['lspci-tree', 4],
    ['unparsed-line', 1],
  ]);
  expect(source.unparsed).toBe(1n);
});
