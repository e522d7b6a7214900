import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEventFormat, sizeOfType } from '../../../ingest/trace-dat/event-format.ts';
import { parsePrintFormat } from '../../../ingest/trace-dat/expression.ts';
import { hexFields } from '../../../ingest/trace-dat/print-format.ts';
import { format } from './helpers.ts';

const parse = (fields: string[], print = '"x"') => parseEventFormat(format('e', 5, fields, print), 's', 8);

describe('parseEventFormat', () => {
  it.each([
    ['u8 x;\toffset:8;\tsize:1;\tsigned:0;', { name: 'x', kind: 'number', signed: false }],
    ['const char * x;\toffset:8;\tsize:8;\tsigned:0;', { name: 'x', kind: 'number', type: 'const char*' }],
    ['char comm[TASK_COMM_LEN];\toffset:8;\tsize:16;\tsigned:0;', { name: 'comm', kind: 'text', size: 16 }],
    [
      'unsigned long args[6];\toffset:8;\tsize:48;\tsigned:0;',
      { name: 'args', kind: 'array', elementSize: 8 },
    ],
    [
      '__data_loc char[] name;\toffset:8;\tsize:4;\tsigned:0;',
      { name: 'name', kind: 'data-loc', isText: true },
    ],
    [
      '__rel_loc u32[] ids;\toffset:8;\tsize:4;\tsigned:0;',
      { name: 'ids', kind: 'rel-loc', elementSize: 4, isText: false },
    ],
    ['__data_loc cpumask_t *[] mask;\toffset:8;\tsize:4;\tsigned:0;', { name: 'mask', kind: 'data-loc' }],
    ['char buf[];\toffset:16;\tsize:0;\tsigned:0;', { name: 'buf', kind: 'rest' }],
    ['struct ip6 addr;\toffset:8;\tsize:16;\tsigned:0;', { name: 'addr', kind: 'bytes' }],
    ['int __attribute__((user)) x;\toffset:8;\tsize:4;', { name: 'x', kind: 'number', signed: true }],
    ['unsigned int x;\toffset:8;\tsize:4;', { name: 'x', signed: false }],
  ])('%s', (line, expected) => {
    expect(parse([line])?.fields).toMatchObject([expected]);
  });

  it('leaves out fields that make no sense', () => {
    expect(
      parse([
        'int x',
        'int ;\toffset:8;\tsize:4;',
        'int y;\toffset:-8;\tsize:4;',
        'int z;\toffset:8;\tsize:99999999;',
      ])?.fields,
    ).toEqual([]);
  });

  it('needs a name and an id', () => {
    expect(parseEventFormat('name: x\nformat:\n', 's', 8)).toBeNull();
    expect(parseEventFormat('name: x\nID: 70000\n', 's', 8)).toBeNull();
  });

  it('never throws', () => {
    const word = fc.constantFrom(
      'name:',
      'ID:',
      'field:',
      'int',
      'x',
      '[',
      ']',
      ';',
      'offset:',
      '8',
      '"',
      '(',
      ')',
      'print fmt:',
      '\n',
      '__data_loc',
      'REC->',
      '?',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 60 }), (words) => {
        parseEventFormat(words.join(' '), 's', 8);
        parsePrintFormat(words.join(' '));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads back what declares any number of fields', () => {
    const field = fc.record({
      name: fc.stringMatching(/^[a-z_][a-z0-9_]{0,12}$/).filter((name) => !name.startsWith('common_')),
      size: fc.constantFrom(1, 2, 4, 8),
      offset: fc.nat(4000),
      signed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        const lines = fields.map(
          ({ name, size, offset, signed }) =>
            `${signed ? 's' : 'u'}${size * 8} ${name};\toffset:${offset};\tsize:${size};\tsigned:${signed ? 1 : 0};`,
        );
        expect(
          parse(lines)?.fields.map(({ name, size, offset, signed }) => ({ name, size, offset, signed })),
        ).toEqual(fields);
      }),
    );
  });

  it('survives nesting without end', () => {
    expect(parsePrintFormat(`"%d", ${'('.repeat(100_000)}`)).toBeNull();
    expect(parsePrintFormat(`"%d", ${'-'.repeat(100_000)}1`)).toBeNull();
    expect(parsePrintFormat(`"%d", ${'1?'.repeat(50_000)}1`)).toBeNull();
  });
});

describe('sizeOfType', () => {
  it.each([
    ['unsigned long', 8],
    ['long long', 8],
    ['unsigned int', 4],
    ['__u16', 2],
    ['u8', 1],
    ['void *', 8],
    ['uint64_t', 8],
    ['const char', 1],
    ['struct thing', 0],
  ])('%s', (type, size) => expect(sizeOfType(type, 8)).toBe(size));
});

it('tells which fields are printed in hexadecimal', () => {
  const parsed = parse(
    [
      'u32 a;\toffset:8;\tsize:4;\tsigned:0;',
      'u32 b;\toffset:12;\tsize:4;\tsigned:0;',
      'u32 c;\toffset:16;\tsize:4;\tsigned:0;',
    ],
    '"a=0x%x %*d c=%p", (unsigned long)REC->a, 3, REC->b, REC->c',
  );
  expect(parsed && [...hexFields(parsed)]).toEqual(['a', 'c']);
});
