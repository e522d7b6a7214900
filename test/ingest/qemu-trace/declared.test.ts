import { expect, test } from 'vitest';
import { parseTraceEvents } from '../../../ingest/qemu-trace/index.ts';
import { PrintfReader } from '../../../ingest/qemu-trace/printf-reader.ts';
import { read } from './read.ts';

const DECLARATIONS = `
# a comment
unit_plain(void) ""
unit_mixed(const char *name, int slot, uint64_t addr, bool on) "%s %02x: at 0x%"PRIx64" is %d"
disable unit_off(size_t len, char *text) "len %zu: %s"
vcpu unit_cpu(uint32_t value) "value=%u"
unit_pointer(void *opaque, uint8_t *data) "opaque %p data %p"
unit_packed(unsigned a, unsigned b, unsigned c) "%02x%02x%02x"
unit_signed(int64_t a, ssize_t b) "%" PRId64 ", %5zd%%"
pci_cfg_write(const char *dev, uint32_t bus, uint32_t slot, uint32_t func, unsigned offs, unsigned val) "%s %02x:%02x.%x @0x%x <- 0x%x"
this is no declaration
`;

const events = parseTraceEvents(DECLARATIONS);

test('declarations', () => {
  expect(events.unparsed).toBe(1);
  expect(events.list.map((event) => event.name)).toEqual([
    'unit_plain',
    'unit_mixed',
    'unit_off',
    'unit_cpu',
    'unit_pointer',
    'unit_packed',
    'unit_signed',
    'pci_cfg_write',
  ]);
  expect(events.byName.get('unit_mixed')).toEqual({
    name: 'unit_mixed',
    args: [
      { name: 'name', kind: 'text' },
      { name: 'slot', kind: 'signed' },
      { name: 'addr', kind: 'unsigned' },
      { name: 'on', kind: 'unsigned' },
    ],
    format: '%s %02x: at 0x%x is %d',
  });
  expect(events.byName.get('unit_off')?.args.map((arg) => arg.kind)).toEqual(['unsigned', 'text']);
  expect(events.byName.get('unit_pointer')?.args.map((arg) => arg.kind)).toEqual(['unsigned', 'unsigned']);
  expect(events.byName.get('unit_cpu')).toMatchObject({
    args: [{ name: 'cpu' }, { name: 'value' }],
    format: 'cpu=%p value=%u',
  });
  expect(events.byName.get('unit_signed')?.args.map((arg) => arg.kind)).toEqual(['signed', 'signed']);
});

function matched(name: string, text: string): Record<string, unknown> | null {
  const event = events.byName.get(name);
  if (!event) return null;
  const reader = new PrintfReader(event);
  const bytes = Buffer.from(text);
  if (!reader.match(bytes, 0, bytes.length)) return null;
  return Object.fromEntries(
    event.args.map((arg, i) => {
      const integer = reader.integerOf(bytes, i);
      const place = reader.textOf(i);
      if (integer) return [arg.name, BigInt.asIntN(64, (BigInt(integer.hi) << 32n) | BigInt(integer.lo))];
      return [arg.name, place && bytes.subarray(place.start, place.end).toString()];
    }),
  );
}

test.each([
  ['unit_plain', '', {}],
  ['unit_mixed', 'dev 0f: at 0xfee00000 is 1', { name: 'dev', slot: 15n, addr: 0xfee00000n, on: 1n }],
  ['unit_mixed', 'a 01: at b 02: at 0x1 is 0', { name: 'a 01: at b', slot: 2n, addr: 1n, on: 0n }],
  ['unit_off', 'len 12: hello world', { len: 12n, text: 'hello world' }],
  ['unit_cpu', 'cpu=0x7f0011223344 value=9', { cpu: 0x7f0011223344n, value: 9n }],
  ['unit_pointer', 'opaque (nil) data 0x10', { opaque: '(nil)', data: 0x10n }],
  ['unit_packed', '0a0b0c', { a: 10n, b: 11n, c: 12n }],
  ['unit_signed', '-5,    -7%', { a: -5n, b: -7n }],
  ['unit_signed', '5', null],
  ['unit_mixed', 'dev xx: at 0x1 is 1', null],
  ['unit_mixed', '', null],
])('%s reads %j', (name, text, expected) => {
  expect(matched(name, text)).toEqual(expected);
});

test('many readings of one line do not take long', () => {
  const event = {
    name: 'x',
    args: ['a', 'b', 'c', 'd'].map((name) => ({ name, kind: 'text' as const })),
    format: '%s:%s:%s:%s!',
  };
  const bytes = Buffer.from(':'.repeat(100_000));
  expect(new PrintfReader(event).match(bytes, 0, bytes.length)).toBe(false);
});

test('a log with the declarations: names and types are exact, and a format of another version is said', () => {
  const stamp = '2026-11-22T22:07:28.601247Z ';
  const trace = read(
    [
      `${stamp}unit_mixed virtio net 1f: at 0xffffffffffffffff is 1`,
      `${stamp}unit_mixed something else 7`,
      `${stamp}pci_cfg_write virtio-net-pci 01:00.1 @0x106 <- 0x8000`,
      '',
    ].join('\n'),
    { declared: events },
  );
  expect(trace.events.unit_mixed[0]).toMatchObject({
    name: 'virtio net',
    slot: 0x1fn,
    addr: 0xffffffffffffffffn,
    on: 1n,
  });
  expect(trace.events.unit_mixed[1]).toMatchObject({ text: 'something else 7', else: 7n });
  expect(trace.events.pci_cfg_write[0]).toMatchObject({
    dev: 'virtio-net-pci',
    bus: 1n,
    slot: 0n,
    func: 1n,
    offs: 0x106n,
    val: 0x8000n,
  });
  expect(trace.accesses).toMatchObject([{ function: '0000:01:00.1', value: 0x8000 }]);
  expect(trace.log.map((row) => row.code)).toEqual(['format-mismatch']);
});
