import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';

const CAPTURES = join(import.meta.dirname, '..', 'fixtures', 'captures');
const read = (capture: string, file: string) => readFileSync(join(CAPTURES, capture, file), 'utf8');
const withReport = readdirSync(CAPTURES).filter((capture) =>
  existsSync(join(CAPTURES, capture, 'trace.report.txt')),
);

/** Rule and function of every finding, without times: the instances stamped the same events some microseconds apart. */
async function told(inputs: Record<string, string>) {
  const analysis = await analyzeBytes(inputs);
  return findingsOf(analysis)
    .map((row) => `${row.severity} ${row.rule} ${row.function}`)
    .sort();
}

describe('recordings of the same events given together', () => {
  for (const capture of withReport) {
    it(`${capture}: a trace and the report of another instance tell what one tells`, async () => {
      const text = read(capture, 'trace.txt');
      const report = read(capture, 'trace.report.txt');
      const alone = await told({ 'trace.txt': text });
      expect(await told({ 'report.txt': report, 'trace.txt': text })).toEqual(alone);
    });
  }

  it('in the other order as well, and three of them', async () => {
    const text = read('7.2-s5', 'trace.txt');
    const report = read('7.2-s5', 'trace.report.txt');
    const alone = await told({ 'trace.txt': text });
    expect(await told({ 'trace.txt': text, 'report.txt': report })).toEqual(alone);
    expect(await told({ 'report.txt': report, 'trace.txt': text, 'again.txt': text })).toEqual(alone);
  });

  it('say so in clocks, with the offset and how far single events lie from it', async () => {
    const analysis = await analyzeBytes({
      'trace.txt': read('6.12-s1', 'trace.txt'),
      'report.txt': read('6.12-s1', 'trace.report.txt'),
    });
    const [, report] = rowsOf(analysis.clocks);
    expect(report.relation).toBe('aligned');
    expect(report.method).toMatch(/^\d+ of its \d+ events are in trace.txt as well and count once$/);
    expect(report.residual_ns).toBeLessThan(5_000_000n);
  });

  it('the same file twice is that file', async () => {
    const text = read('7.2-s5', 'trace.txt');
    expect(await told({ 'a.txt': text, 'b.txt': text })).toEqual(await told({ 'a.txt': text }));
  });

  it('three renderings of one log tell each WARN once', async () => {
    const dmesg = read('6.12-s3', 'dmesg.txt');
    const raw = dmesg.replaceAll(/^\[/gm, '<4>[');
    const serial = dmesg.replaceAll('\n', '\r\n');
    expect(await told({ 'dmesg.txt': dmesg, 'raw.txt': raw, 'serial.log': serial })).toEqual(
      await told({ 'dmesg.txt': dmesg }),
    );
  });

  it('logs without times are matched by their sequence', async () => {
    const dmesg = read('6.12-s3', 'dmesg.txt');
    const untimed = dmesg.replaceAll(/^\[ *\d+\.\d+\] /gm, '');
    expect(await told({ 'dmesg.txt': dmesg, 'untimed.txt': untimed })).toEqual(
      await told({ 'dmesg.txt': dmesg }),
    );
  });
});

describe('recordings of different events stay what they are', () => {
  const lines = read('6.12-s3', 'trace.txt').split('\n');
  const head = lines.filter((line) => line.startsWith('#')).join('\n');
  const events = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const file = (part: readonly string[]) => `${head}\n${part.join('\n')}\n`;
  const relations = async (...parts: (readonly string[])[]) => {
    const inputs = Object.fromEntries(parts.map((part, i) => [`part-${i}.txt`, file(part)]));
    return rowsOf((await analyzeBytes(inputs)).clocks).map((row) => row.relation);
  };

  it('the parts of a trace, also where it is cut between two equal calls', async () => {
    const cut = events.findIndex((line) => line.includes('pci_disable_ats_ret:')) + 1;
    expect(await relations(events.slice(0, cut), events.slice(cut))).toEqual(['reference', 'same']);
  });

  it('the files of single CPUs', async () => {
    const of = (cpu: string) => events.filter((line) => line.includes(`[${cpu}]`));
    expect(await relations(of('000'), of('001'))).toEqual(['reference', 'same']);
  });

  it('the traces of two boots', async () => {
    const other = read('6.12-s2', 'trace.txt');
    const analysis = await analyzeBytes({ 'a.txt': file(events), 'b.txt': other });
    expect(rowsOf(analysis.clocks).map((row) => row.relation)).toEqual(['reference', 'same']);
  });
});
