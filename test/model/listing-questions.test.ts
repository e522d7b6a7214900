import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { type Listed, listing } from '../support/listing-writer.ts';
import { analyzeBytes } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { PF, PLAIN, VF, VF2 } from './rule-cases/steps.ts';

const ON = 0x8000;
const BOOT = '[    0.000000] Linux version 7.2.13 (x) #1 SMP\n';

/** What is asked about listings: the code, and what it says. */
async function asked(inputs: Record<string, string>): Promise<string[]> {
  return rowsOf((await analyzeBytes(inputs)).verdictReasons)
    .filter((row) => row.code.startsWith('listing'))
    .map((row) => `${row.code}: ${row.reason}`);
}

const codes = async (inputs: Record<string, string>) =>
  (await asked(inputs)).map((line) => line.replace(/: .*/, ''));

describe('two listings differ', () => {
  const two = (before: readonly Listed[], after: readonly Listed[], more: Record<string, string> = {}) =>
    asked({ 'dmesg.txt': BOOT, 'a.txt': listing(...before), 'b.txt': listing(...after), ...more });
  const one = (control: number | undefined) => [{ address: PLAIN, control }];
  const cut = (text: string) => text.replace(/(Enable[+-]),.*/g, '$1');

  it('in Enable or in STU, and nothing recorded shows who changed it', async () => {
    const said = (from: string, to: string) => [
      `listings-differ: ATS Control of ${PLAIN} changed from ${from} in a.txt to ${to} in b.txt, and nothing recorded shows who changed it: the kernel, or something behind its back.`,
    ];
    const stu0 = 'STU 0 (page shift 12, 4 KiB)';
    const stu2 = 'STU 2 (page shift 14, 16 KiB)';
    expect(await two(one(ON), one(0))).toEqual(said(`Enable 1, ${stu0}`, `Enable 0, ${stu0}`));
    expect(await two(one(0), one(2))).toEqual(said(`Enable 0, ${stu0}`, `Enable 0, ${stu2}`));
    expect(await two(one(ON | 2), one(ON | 2))).toEqual([]);
    expect(await two(one(ON), one(undefined))).toEqual([]);
    expect(await two(one(undefined), one(ON))).toEqual([]);
  });

  it('where the STU is cut off, in Enable alone', async () => {
    const listed = (control: number) => cut(listing({ address: PLAIN, control }));
    expect(await asked({ 'dmesg.txt': BOOT, 'a.txt': listed(ON), 'b.txt': listed(0) })).toEqual([
      expect.stringContaining('changed from Enable 1 in a.txt to Enable 0 in b.txt'),
    ]);
    const whole = listing({ address: PLAIN, control: ON | 3 });
    expect(await asked({ 'dmesg.txt': BOOT, 'a.txt': listed(ON), 'b.txt': whole })).toEqual([]);
    expect(await asked({ 'dmesg.txt': BOOT, 'a.txt': whole, 'b.txt': listed(ON) })).toEqual([]);
  });

  it('with the VFs that have ATS on meanwhile', async () => {
    const listed = (stu: number, vf: number, vf2: number): Listed[] => [
      { address: PF, control: ON | stu, vfs: 2 },
      { address: VF, control: vf },
      { address: VF2, control: vf2 },
      { address: PLAIN, control: ON },
    ];
    const users = async (vf: number, vf2: number) =>
      (await two(listed(0, vf, vf2), listed(1, vf, vf2))).map(
        (line) => / in b.txt(.*), and nothing/.exec(line)?.[1],
      );
    expect(await users(ON, ON)).toEqual([`, while ${VF}, ${VF2} have ATS on`]);
    expect(await users(0, ON)).toEqual([`, while ${VF2} have ATS on`]);
    expect(await users(0, 0)).toEqual(['']);
    // Only the listing that shows the change counts.
    const later = two(listed(0, ON, ON), [{ address: PF, control: ON | 1, vfs: 2 }]);
    expect((await later)[0]).toContain(' in b.txt, and nothing');
  });

  it('and so on: of many functions the rest is counted', async () => {
    const many = (count: number, control: number) =>
      Array.from({ length: count }, (_, i) => ({ address: `0000:${(16 + i).toString(16)}:00.0`, control }));
    expect(await two(many(20, 0), many(20, 1))).toHaveLength(20);
    const more = await two(many(23, 0), many(23, 1));
    expect(more).toHaveLength(21);
    expect(more[20]).toBe('listings-differ: ATS Control of 3 more functions differs between the listings.');
  });

  it('and a record shows one of the values', async () => {
    const trace = (step: (made: TraceWriter) => TraceWriter) => ({ 'c.txt': step(new TraceWriter()).text() });
    const differ = (record: Record<string, string>) => two(one(ON), one(0), record);
    expect(await differ(trace((t) => t.write(PLAIN, 0x4, 6)))).toHaveLength(1);
    expect(await differ(trace((t) => t.write(PLAIN, 0x106, 0x8000, '0x100', true)))).not.toContainEqual(
      expect.stringContaining('listings-differ'),
    );
    const enabled = (control: readonly [number, number], made: TraceWriter) =>
      asked({
        'dmesg.txt': BOOT,
        'a.txt': listing({ address: PLAIN, control: control[0] }),
        'b.txt': listing({ address: PLAIN, control: control[1] }),
        'c.txt': made.text(),
      });
    const on = new TraceWriter().enable(PLAIN, 12, 0, { vf: 0, en: [0, 1] });
    expect(await enabled([ON, 0], on)).not.toContainEqual(expect.stringContaining('listings-differ'));
    // The page shift of a core without one shows no STU.
    const fresh = new TraceWriter().supported(PLAIN, 1, { vf: 0, cap: '0x100', stu: [0, 0] });
    expect(await enabled([20, 2], fresh)).toContainEqual(expect.stringContaining('listings-differ'));
    const prepared = new TraceWriter().supported(PLAIN, 1, { vf: 0, cap: '0x100', stu: [14, 14] });
    expect(await enabled([1, 2], prepared)).not.toContainEqual(expect.stringContaining('listings-differ'));
  });
});

describe('a listing of unknown time', () => {
  const plain = { vf: 0, cap: '0x100' };
  const live = (made = new TraceWriter()) =>
    made
      .prepare(PLAIN, 13, 0, { ...plain, en: [0, 0], stu: [0, 13] })
      .enable(PLAIN, 13, 0, { ...plain, en: [0, 1], stu: [13, 13] });
  const ended = () => live().disable(PLAIN, { ...plain, en: [1, 0] });
  const about = (trace: TraceWriter, ...listed: readonly Listed[]) =>
    codes({ 'trace.txt': trace.text(), 'l.txt': listing(...listed) });

  it('fits the end', async () => {
    expect(await about(live(), { address: PLAIN, control: ON | 1 })).toEqual([]);
    expect(await about(ended(), { address: PLAIN, control: 1 })).toEqual([]);
  });

  it('fits only earlier', async () => {
    expect(
      await asked({ 'trace.txt': ended().text(), 'l.txt': listing({ address: PLAIN, control: ON | 1 }) }),
    ).toEqual([
      `listing-fits-earlier-only: l.txt shows ${PLAIN} with Enable 1, and the recording ends with Enable 0: the listing was taken earlier, or register and core disagree.`,
    ]);
    const twice = live(live().disable(PLAIN, { ...plain, en: [1, 0] })).enable(PLAIN, 14, 0, {
      ...plain,
      stu: [14, 14],
    });
    expect(await about(twice, { address: PLAIN, control: ON | 1 })).toEqual(['listing-fits-earlier-only']);
    // A function is listed that is not there at the end: the listing is an earlier one, and no question.
    const removed = ended().call('pci_stop_and_remove_bus_device', VF);
    expect(await about(removed, { address: PLAIN, control: ON | 1 }, { address: VF, control: 0 })).toEqual(
      [],
    );
  });

  it('fits nowhere', async () => {
    expect(await about(live(), { address: PLAIN, control: ON | 5 })).toEqual(['listing-never-fits']);
    expect(await about(ended(), { address: PLAIN, control: ON | 5 })).toEqual([
      'listing-fits-earlier-only',
      'listing-never-fits',
    ]);
  });

  it('shows what the recording does not tell', async () => {
    expect(await about(live(), { address: VF2, control: ON | 5 })).toEqual([]);
    expect(await about(live(), { address: PLAIN })).toEqual([]);
    const vf = new TraceWriter().enable(VF, 13, 0, { vf: 1, cap: '0x100' });
    expect(await about(vf, { address: VF, control: ON | 5 })).toEqual([]);
    const unknown = new TraceWriter().enable(VF, 13, 0, { cap: '0x100' });
    expect(await about(unknown, { address: VF, control: ON | 5 })).toEqual([]);
    const shiftless = new TraceWriter().supported(PLAIN, 1, { ...plain, en: [1, 1] });
    expect(await about(shiftless, { address: PLAIN, control: ON | 5 })).toEqual([]);
    const cut = listing({ address: PLAIN, control: ON | 5 }).replace(/(Enable[+-]),.*/, '$1');
    expect(await codes({ 'trace.txt': live().text(), 'l.txt': cut })).toEqual([]);
  });

  it('is compared with what the end leaves known', async () => {
    const lost = ended().raw('CPU:0 [LOST 3 EVENTS]').supported(VF2, 1, { vf: 1 });
    expect(await about(lost, { address: PLAIN, control: ON | 1 })).toEqual([]);
    // The register counts where it is known, and the core where it is not.
    const written = live().write(PLAIN, 0x106, 0x0001, '0x100', true);
    expect(await about(written, { address: PLAIN, control: 1 })).toEqual([]);
    expect(await about(written, { address: PLAIN, control: ON | 1 })).toEqual(['listing-fits-earlier-only']);
    const flipped = live().supported(PLAIN, 1, { ...plain, en: [0, 0], stu: [14, 14] });
    expect(await about(flipped, { address: PLAIN, control: 2 })).toEqual([]);
    expect(await about(flipped, { address: PLAIN, control: ON | 1 })).toEqual([
      'listing-fits-earlier-only',
      'listing-fits-earlier-only',
    ]);
  });

  it('is asked about the end only where it is the last one', async () => {
    const inputs = (last: string) => ({
      'trace.txt': ended().text(),
      'l.txt': listing({ address: PLAIN, control: ON | 1 }),
      'm.txt': last,
    });
    expect(await codes(inputs(listing({ address: PLAIN, control: 1 })))).toEqual([]);
    const both = `${listing({ address: PLAIN, control: ON | 1 })}\n${listing({ address: PLAIN, control: 1 })}`;
    expect(await codes({ 'trace.txt': ended().text(), 'l.txt': both })).toEqual([]);
    const turned = `${listing({ address: PLAIN, control: 1 })}\n${listing({ address: PLAIN, control: ON | 1 })}`;
    expect(await asked({ 'trace.txt': ended().text(), 'l.txt': turned })).toEqual([
      expect.stringContaining('listing 2 of l.txt shows'),
    ]);
  });
});
