import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Analysis } from '../../../model/analysis.ts';
import { rowsOf } from '../../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../../support/pipeline.ts';

const FIXTURES = `${import.meta.dirname}/../../fixtures`;
const log = (capture: string) => readFileSync(`${FIXTURES}/qemu-trace/${capture}.log`, 'utf8');
const trace = (capture: string) => readFileSync(`${FIXTURES}/captures/${capture}/trace.txt`, 'utf8');

/** A log of QEMU: one access or event a line, a millisecond apart. */
function qemu(...lines: readonly string[]): string {
  return lines
    .map((line, i) => {
      const [op, ...rest] = line.split(' ');
      const name = { r: 'pci_cfg_read d', w: 'pci_cfg_write d' }[op] ?? op;
      return `1@1795385833.${String(i).padStart(3, '0')}000:${name} ${rest.join(' ')}\n`;
    })
    .join('');
}

const ATS_AT_100 = ['r 01:00.0 @0x100 -> 0x1081000f', 'r 01:00.0 @0x108 -> 0x10010'];

function values(analysis: Analysis, fn: string, field: string): (number | null)[] {
  return rowsOf(analysis.stateIntervals)
    .filter((row) => row.function === fn && row.layer === 'hw' && row.field === field)
    .map((row) => row.value);
}

describe('registers followed in a log of QEMU', () => {
  it('a register is followed only where a list of capabilities leads to it', async () => {
    const writes = ['w 01:00.0 @0x106 <- 0x8000', 'w 02:00.0 @0x106 <- 0x8000'];
    const analysis = await analyzeBytes({ 'q.log': qemu(...ATS_AT_100, ...writes) });
    expect(values(analysis, '0000:01:00.0', 'en')).toEqual([1]);
    expect(values(analysis, '0000:02:00.0', 'en')).toEqual([]);
    const blind = await analyzeBytes({ 'q.log': qemu(...writes) });
    expect(rowsOf(blind.functions)).toEqual([]);
    expect(rowsOf(blind.verdictReasons).map((row) => row.code)).toContain('registers-not-followed');
  });

  it('accesses of every width: a byte tells its half, a double word all, and one of unknown width nothing', async () => {
    const analysis = await analyzeBytes({
      'q.log': qemu(
        ...ATS_AT_100,
        'w 01:00.0 @0x107 <- 0x80',
        'r 01:00.0 @0x104 -> 0x80030020',
        'r 01:00.0 @0x104 -> 0x20',
        'w 01:00.0 @0x104 <- 0x20',
        'r 01:00.0 @0x106 -> 0xffff',
        'r 01:00.0 @0x106 -> 0x2',
      ),
    });
    expect(values(analysis, '0000:01:00.0', 'en')).toEqual([1, null, 0]);
    expect(values(analysis, '0000:01:00.0', 'stu')).toEqual([3, null, 2]);
  });

  it('a read among reads of double words is one, too', async () => {
    const analysis = await analyzeBytes({
      'q.log': qemu(
        ...ATS_AT_100,
        'w 01:00.0 @0x106 <- 0x8000',
        'r 01:00.0 @0x100 -> 0x1081000f',
        'r 01:00.0 @0x104 -> 0x20',
        'r 01:00.0 @0x108 -> 0x10010',
      ),
    });
    expect(values(analysis, '0000:01:00.0', 'en')).toEqual([1, 0]);
  });

  it('VF Enable makes VFs where First VF Offset and Stride say, in their reset state, and takes them away', async () => {
    const analysis = await analyzeBytes({
      'q.log': qemu(
        ...ATS_AT_100,
        'w 01:00.0 @0x118 <- 0x2',
        'r 01:00.0 @0x11c -> 0x80',
        'r 01:00.0 @0x11e -> 0x2',
        'w 01:00.0 @0x110 <- 0x9',
        'r 01:10.2 @0x100 -> 0x1000f',
        'w 01:10.2 @0x106 <- 0x8000',
        'w 01:00.0 @0x110 <- 0x0',
        'w 01:00.0 @0x110 <- 0x9',
      ),
    });
    const vfs = rowsOf(analysis.functions).filter((row) => row.kind === 'vf');
    expect(vfs.map((row) => [row.function, row.generation, row.vf_index, row.pf])).toEqual([
      ['0000:01:10.0', 0, 0, '0000:01:00.0'],
      ['0000:01:10.2', 0, 1, '0000:01:00.0'],
      ['0000:01:10.0', 1, 0, '0000:01:00.0'],
      ['0000:01:10.2', 1, 1, '0000:01:00.0'],
    ]);
    expect(values(analysis, '0000:01:10.2', 'en')).toEqual([0, 1, null, 0]);
  });

  it('another bus number behind a bridge, and a reset, leave registers unknown', async () => {
    const analysis = await analyzeBytes({
      'q.log': qemu(
        'w 00:02.0 @0x19 <- 0x1',
        'w 00:02.0 @0x1a <- 0x1',
        'r 01:00.0 @0x34 -> 0x40',
        'r 01:00.0 @0x40 -> 0x10',
        ...ATS_AT_100,
        'w 01:00.0 @0x106 <- 0x8000',
        'w 01:00.0 @0x48 <- 0xa810',
        'w 01:00.0 @0x106 <- 0x8000',
        'w 00:02.0 @0x19 <- 0xff',
      ),
    });
    expect(values(analysis, '0000:01:00.0', 'en')).toEqual([1, null, 1, null]);
  });
});

describe('with the trace of a kernel', () => {
  it('a write that only the hardware saw is told as such', async () => {
    const kernel = trace('7.2-s5')
      .split('\n')
      .filter((line) => !line.includes('ucfg_write') && !line.startsWith('# entries'))
      .join('\n');
    const analysis = await analyzeBytes({ 'trace.txt': kernel, 'q.log': log('7.2-s5') });
    const found = findingsOf(analysis).filter(
      (row) => row.rule === 'ATS028' && row.function === '0000:01:00.1',
    );
    expect(found.map((row) => row.severity)).toEqual(['error']);
    expect(found[0].message).toContain('outside all that the trace recorded');
    expect(found[0].observed).toMatch(
      /Register: Enable 0 since 15\.\d+ s.*; core: ats_enabled 1 since 13\.\d+ s/,
    );
  });

  it('a guest that starts twice in one log is found at its own start', async () => {
    const later = log('7.2-s6').replaceAll('2026-11-22', '2026-11-23');
    const analysis = await analyzeBytes({ 'trace.txt': trace('7.2-s6'), 'q.log': log('7.2-s6') + later });
    // The second start is the first one again to the microsecond: nothing tells which is the one.
    expect(rowsOf(analysis.clocks)[1].method).toContain('fit in two places equally well');
    const other = log('7.2-series-s1').replaceAll('2026-11-22', '2026-11-23');
    const two = await analyzeBytes({ 'trace.txt': trace('7.2-s6'), 'q.log': log('7.2-s6') + other });
    expect(rowsOf(two.clocks)[1].relation).toBe('aligned');
    expect(findingsOf(two).filter((row) => row.severity !== 'note')).toEqual([]);
  });

  it.each([
    ['7.2-s6', '6.12-s1'],
    ['6.12-s1', '7.2-s6'],
    ['7.2-s5', '7.2-series-s1'],
  ])('the trace of %s and the log of %s are two machines: never mixed', async (kernel, hardware) => {
    const analysis = await analyzeBytes({ 'trace.txt': trace(kernel), 'q.log': log(hardware) });
    expect(rowsOf(analysis.clocks)[1].relation).toBe('concurrent');
    const alone = await analyzeBytes({ 'trace.txt': trace(kernel) });
    const story = (one: Analysis) =>
      rowsOf(one.functions)
        .filter((row) => row.space === null)
        .map((row) => [row.function, row.generation, row.kind]);
    expect(story(analysis)).toEqual(story(alone));
    expect(findingsOf(analysis).map((row) => row.rule)).toEqual(findingsOf(alone).map((row) => row.rule));
  });
});

it('whatever the log says, nothing is thrown and no function is made of nothing', async () => {
  const access = fc.tuple(
    fc.constantFrom('r', 'w'),
    fc.constantFrom('00:02.0', '01:00.0', '01:00.1', '02:00.0'),
    fc.constantFrom(
      0x0e,
      0x18,
      0x19,
      0x34,
      0x40,
      0x48,
      0x100,
      0x104,
      0x106,
      0x107,
      0x108,
      0x110,
      0x118,
      0x11c,
      0x11e,
    ),
    fc.constantFrom(
      0,
      1,
      0x10,
      0x40,
      0x80,
      0x8000,
      0xffff,
      0x1000f,
      0x1081000f,
      0x14810010,
      0xffffffff,
      0x8009,
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(access, { minLength: 1, maxLength: 60 }), async (accesses) => {
      const lines = accesses.map(
        ([op, fn, at, value]) =>
          `${op} ${fn} @0x${at.toString(16)} ${op === 'r' ? '->' : '<-'} 0x${value.toString(16)}`,
      );
      const analysis = await analyzeBytes({ 'q.log': qemu(...lines) });
      for (const row of rowsOf(analysis.functions))
        expect(row.function).toMatch(/^0000:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/);
    }),
    { numRuns: 40 },
  );
});
