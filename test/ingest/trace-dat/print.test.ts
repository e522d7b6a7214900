import { describe, expect, it } from 'vitest';
import { type Conversion, formatInteger, parsePrintf } from '../../../ingest/trace-dat/printf.ts';
import { locationText, Symbols } from '../../../ingest/trace-dat/symbols.ts';
import { format, payload, report, utf8 } from './helpers.ts';
import { type ByteWriter, writeTrace } from './writer.ts';

const KALLSYMS = [
  '0000000000000000 A absolute',
  'ffffffff81000000 T first',
  'ffffffff81000100 T alias_a',
  'ffffffff81000100 T alias_b',
  'ffffffff81000180 t last_of_text',
  'ffffffffc0000000 t mod_func\t[lab]',
  'ffffffffc0000040 t mod_next\t[lab]',
].join('\n');

/** The body of the line of one event. */
async function body(
  name: string,
  fields: string[],
  print: string,
  rest: (writer: ByteWriter) => void,
  system = 's',
) {
  const bytes = writeTrace({
    ...(system === 'ftrace'
      ? { ftraceFormats: [format(name, 50, fields, print)] }
      : { systems: [{ name: system, formats: [format(name, 50, fields, print)] }] }),
    kallsyms: KALLSYMS,
    printk: '0xffffffff82000000 : "took %d ms at %pS of %s: %5.2s|\\n"\n0xffffffff82000100 : "rcu_sched"\n',
    cmdlines: '1 t\n',
    buffers: [
      { name: '', cpus: [{ cpu: 0, pages: [{ time: 1n, records: [{ payload: payload(50, 1, rest) }] }] }] },
    ],
  });
  const [line] = await report(bytes);
  return line.slice(line.indexOf(`${name}: `) + Math.max(22, name.length + 2));
}

const u32 = ['u32 a;\toffset:8;\tsize:4;\tsigned:0;', 'u32 b;\toffset:12;\tsize:4;\tsigned:0;'];
const u64 = ['u64 a;\toffset:8;\tsize:8;\tsigned:0;'];

describe('print formats', () => {
  it.each([
    ['"%d %u %x %#x", REC->a, REC->a, REC->b, REC->b', '-1 4294967295 ff 0xff'],
    ['"%s", REC->b == 255 ? "yes" : "no"', 'yes'],
    ['"%s", __print_symbolic(REC->b, { 1, "one" }, { 0xff, "all" })', 'all'],
    ['"%s", __print_symbolic(REC->b + 1, { 1, "one" })', '0x100'],
    ['"%s", __print_symbolic(REC->b, { NOT_RESOLVED, "x" }, { 0xff, "all" })', 'all'],
    ['"%s", __print_flags(REC->b, "|", { 1, "a" }, { 6, "b" })', 'a|b|0xf8'],
    ['"%s", __print_flags(REC->b & 0, "|", { 1, "a" })', ''],
    ['"%lu", (unsigned long)(u8)(REC->a)', '255'],
    ['"%d", (REC->b >> 4) & ~3', '12'],
    ['"%d", REC->b > 3 && !(REC->a == 0) || 0', '1'],
    ['"%d", (gfp_t)REC->b * 2 - -1', '511'],
    ['"%zu", sizeof(unsigned long) + sizeof(u16)', '10'],
    ['"%*d|%-6x|%06d", 5, REC->b, REC->b, REC->b', '  255|ff    |000255'],
    ['"%c%c%%", 65, \'B\'', 'AB%'],
    ['"%3d" " and " "%s", REC->b, "text"', '255 and text'],
    ['"%llx", ((0x1ULL) << 40) | REC->b', '100000000ff'],
    ['"%d", __builtin_expect(!!(REC->b), 1)', '1'],
  ])('%s', async (print, expected) => {
    expect(await body('e', u32, print, (writer) => writer.int(0xffffffff, 4).int(0xff, 4))).toBe(expected);
  });

  it.each([
    ['"%pS", (void *)REC->a', 'alias_a+0x10'],
    ['"%ps", (void *)REC->a', 'alias_a'],
    ['"%p", (void *)REC->a', '0xffffffff81000110'],
    ['"%p", (void *)(REC->a & 0)', '(nil)'],
  ])('%s', async (print, expected) => {
    expect(await body('e', u64, print, (writer) => writer.int(0xffffffff81000110n, 8))).toBe(expected);
  });

  it('constant strings of the kernel', async () => {
    const print = '"%s %s", REC->a, REC->a';
    expect(await body('e', u64, print, (writer) => writer.int(0xffffffff82000100n, 8))).toBe(
      'rcu_sched rcu_sched',
    );
  });

  const bytes16 = ['u8 raw[16];\toffset:8;\tsize:16;\tsigned:0;', 'u32 n;\toffset:24;\tsize:4;\tsigned:0;'];
  const write16 = (writer: ByteWriter) => {
    for (let i = 0; i < 16; i++) writer.int([10, 0, 0, 1][i] ?? 0, 1);
    writer.int(2, 4);
  };
  it.each([
    ['"%pI4", REC->raw', '10.0.0.1'],
    ['"%pI6c", REC->raw', 'a00:1::'],
    ['"%pM", REC->raw', '0a:00:00:01:00:00'],
    ['"%s", __print_hex(REC->raw, 4)', '0a 00 00 01'],
    ['"%s", __print_hex_str(REC->raw, 4)', '0a000001'],
    ['"%s", __print_array(REC->raw, REC->n, 2)', '{0xa,0x100}'],
    ['"%d", REC->raw[3]', '1'],
    ['"%pU", REC->raw', '0a000001-0000-0000-0000-000000000000'],
  ])('%s', async (print, expected) => {
    expect(await body('e', bytes16, print, write16)).toBe(expected);
  });

  it('masks', async () => {
    const mask = ['__data_loc unsigned long[] m;\toffset:8;\tsize:4;\tsigned:0;'];
    const write = (writer: ByteWriter) => writer.int((8 << 16) | 12, 4).int(0x0000000100000007n, 8);
    expect(await body('e', mask, '"%s", __get_bitmask(m)', write)).toBe('00000001,00000007');
    expect(await body('e', mask, '"%s", __get_cpumask(m)', write)).toBe('0-2,32');
    expect(await body('e', mask, '"%d", __get_dynamic_array_len(m)', write)).toBe('8');
  });

  it('gives the fields when the format cannot be understood', async () => {
    expect(await body('e', u32, '"%s", ({ int x; x; })', (writer) => writer.int(5, 4).int(6, 4))).toBe(
      '[FAILED TO PARSE] a=5 b=6',
    );
  });
});

describe('events with a form of their own', () => {
  it('bprint', async () => {
    const fields = [
      'unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;',
      'const char * fmt;\toffset:16;\tsize:8;\tsigned:0;',
      'u32 buf[];\toffset:24;\tsize:0;\tsigned:0;',
    ];
    const text = await body(
      'bprint',
      fields,
      '"%ps: %s", (void *)REC->ip, REC->fmt',
      (writer) =>
        writer
          .int(0xffffffff81000004n, 8)
          .int(0xffffffff82000000n, 8)
          .int(17, 4)
          .int(0xffffffffc0000008n, 8)
          .bytes(utf8('part\0long\0')),
      'ftrace',
    );
    expect(text).toBe('first: took 17 ms at mod_func+0x8 of part:    lo|');
  });

  it('function', async () => {
    const fields = [
      'unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;',
      'unsigned long parent_ip;\toffset:16;\tsize:8;\tsigned:0;',
    ];
    const text = await body(
      'function',
      fields,
      '" %ps <-- %ps", (void *)REC->ip, (void *)REC->parent_ip',
      (writer) => writer.int(0xffffffff81000000n, 8).int(0xffffffffc0000044n, 8),
      'ftrace',
    );
    expect(text).toBe('first <-- mod_next');
  });

  it('kernel_stack', async () => {
    const fields = [
      'int size;\toffset:8;\tsize:4;\tsigned:1;',
      'unsigned long caller[];\toffset:16;\tsize:0;\tsigned:0;',
    ];
    const text = await body(
      'kernel_stack',
      fields,
      '"x"',
      (writer) => writer.int(2, 8).int(0xffffffff81000004n, 8).int(-1, 8),
      'ftrace',
    );
    expect(text).toBe('<stack trace >\n=> first (ffffffff81000004)');
  });
});

describe('Symbols', () => {
  const symbols = new Symbols(utf8(KALLSYMS));
  const at = (address: bigint) => {
    const lo = Number(address & 0xffffffffn);
    const hi = Number(address >> 32n);
    return locationText(symbols.at(lo, hi), lo, hi);
  };
  it.each([
    [0xffffffff81000000n, 'first+0x0/0x100'],
    [0xffffffff81000110n, 'alias_a+0x10/0x80'],
    [0xffffffffc0000001n, 'mod_func+0x1/0x40 [lab]'],
    [0xffffffffc0000050n, 'mod_next+0x10 [lab]'],
    [0x10n, '0x10'],
    [0xff11000004518800n, '0xff11000004518800'],
  ])('%x', (address, text) => expect(at(address)).toBe(text));

  it('blames no neighbour for code of a module that is gone', () => {
    const holder = (lo: number) => symbols.holderOf(lo, 0xffffffff)?.name ?? null;
    expect(holder(0xc0000050)).toBe('mod_next');
    expect(holder(0xc0000fff)).toBe('mod_next');
    expect(holder(0xc0001000)).toBeNull();
    expect(holder(0xc00022c9)).toBeNull();
    expect(symbols.at(0xc00022c9, 0xffffffff)?.name).toBe('mod_next');
    expect(holder(0x81000110)).toBe('alias_a');
  });

  it('finds addresses that are not in order', () => {
    const mixed = new Symbols(utf8('ffffffff81000200 t b\nffffffff81000100 t a\n'));
    expect(mixed.at(0x81000180, 0xffffffff)).toMatchObject({ name: 'a', offset: 0x80, size: 0x100 });
  });

  it('knows nothing where the kernel hides addresses', () => {
    expect(new Symbols(utf8('0000000000000000 T a\n0000000000000000 T b\n')).at(5, 0)).toBeNull();
  });
});

describe('printf', () => {
  it('cuts a format into pieces', () => {
    expect(parsePrintf('a%%b %-5.3lx%pI4c %')).toMatchObject([
      'a%b ',
      { flags: '-', width: 5, precision: 3, length: 'l', type: 'x' },
      { type: 'p', pointer: 'I4' },
      'c %',
    ]);
  });

  it('formats integers of every width', () => {
    const conversion = (text: string) => parsePrintf(text)[0] as Conversion;
    expect(formatInteger(conversion('%hhd'), 200n, 8, null, null)).toBe('-56');
    expect(formatInteger(conversion('%hu'), 70000n, 8, null, null)).toBe('4464');
    expect(formatInteger(conversion('%lx'), -1n, 4, null, null)).toBe('ffffffff');
    expect(formatInteger(conversion('%+lld'), 5n, 8, 6, null)).toBe('    +5');
    expect(formatInteger(conversion('%#o'), 8n, 8, null, null)).toBe('010');
    expect(formatInteger(conversion('%08X'), 0xbeefn, 8, 8, null)).toBe('0000BEEF');
  });
});
