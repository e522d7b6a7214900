import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../tables/index.ts';
import { analyzeBytes, findingsOf } from '../../support/pipeline.ts';

const FN = '01:00.0';

/** A kernel's trace and the log of the hardware under it, microsecond by microsecond, with the writes that both saw. */
class TwoViews {
  private readonly trace: string[] = [];
  private readonly log: string[] = [];
  private us = 1_000_000;

  wait(us: number): this {
    this.us += us;
    return this;
  }

  event(name: string, body: string): this {
    this.us += 137 + ((this.us * 7) % 911);
    this.trace.push(`          sh-100     [000] .....     ${stamp(this.us)}: ${name}: ${body}`);
    return this;
  }

  hardware(line: string): this {
    this.log.push(`1@${stamp(1_795_385_833_000_000 + this.us + 4)}:${line}`);
    return this;
  }

  write(where: number, value: number): this {
    const [at, val] = [where.toString(16), value.toString(16)];
    this.event(
      'cfg',
      `(pci_write_config_word+0x4/0x40) where=0x${at} val=0x${val} cap=0x100 bdf="0000:${FN}"`,
    );
    return this.hardware(`pci_cfg_write d ${FN} @0x${at} <- 0x${val}`);
  }

  /** Writes that tie the two clocks. */
  ties(from: number): this {
    for (let i = 0; i < 12; i++) this.write(0x4, from + i);
    return this;
  }

  inputs(): Record<string, string> {
    const count = this.trace.length;
    return {
      'trace.txt': `# tracer: nop\n#\n# entries-in-buffer/entries-written: ${count}/${count}   #P:2\n#\n${this.trace.join('\n')}\n`,
      'q.log': `${this.log.join('\n')}\n`,
    };
  }
}

function stamp(us: number): string {
  return `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`;
}

/** ATS is on, and the hardware is told to reset the function; the probes on resets are missing. */
function resetUnseen(then: (views: TwoViews) => TwoViews, before = enabled): TwoViews {
  const views = new TwoViews();
  for (const read of ['@0x34 -> 0x40', '@0x40 -> 0x10', '@0x100 -> 0x1081000f', '@0x108 -> 0x10010'])
    views.hardware(`pci_cfg_read d ${FN} ${read}`);
  before(views.ties(0x400)).ties(0x500).hardware(`pci_cfg_write d ${FN} @0x48 <- 0xa810`).wait(1000);
  return then(views).wait(2_000_000).ties(0x600);
}

/** A call of the core, with what it writes. */
function call(views: TwoViews, symbol: string, more: string, en: [number, number], value?: number): TwoViews {
  const state = (now: number) => `vf=0 pf=0 en=${now} cap=0x100 bdf="0000:${FN}"`;
  views.event(symbol, `(${symbol}+0x4/0xa0) ps=12 ${state(en[0])}`);
  if (value !== undefined) views.write(0x106, value);
  return views.event(
    `${symbol}_ret`,
    `(iommu_enable_pci_caps+0x4a/0x60 <- ${symbol}) ps=12${more} ${state(en[1])}`,
  );
}

const enabled = (views: TwoViews) => call(views, 'pci_enable_ats', ' ret=0', [0, 1], 0x8000);
const disabled = (views: TwoViews) => call(views, 'pci_disable_ats', '', [1, 0], 0);
const refused = (views: TwoViews) => call(views, 'pci_enable_ats', ' ret=-22', [1, 1]);

describe('a reset that only the log of the hardware shows', () => {
  const rulesOf = async (views: TwoViews) => {
    const analysis = await analyzeBytes(views.inputs());
    expect(rowsOf(analysis.clocks)[1].relation).toBe('aligned');
    return findingsOf(analysis).map((row) => `${row.severity} ${row.rule} ${row.function}`);
  };

  it('is ATS023 when no write with Enable follows', async () => {
    expect(await rulesOf(resetUnseen((views) => views))).toEqual([`error ATS023 0000:${FN}`]);
  });

  it('is nothing when one does', async () => {
    expect(await rulesOf(resetUnseen((views) => views.write(0x106, 0x8000)))).toEqual([]);
  });

  it('is nothing when the driver switches ATS off after it', async () => {
    expect(await rulesOf(resetUnseen(disabled))).toEqual([]);
  });

  it('is nothing when ATS was off before it', async () => {
    expect(
      await rulesOf(
        resetUnseen(
          (views) => views,
          (views) => disabled(enabled(views)),
        ),
      ),
    ).toEqual([]);
  });

  it('is nothing when nobody knows whether ATS was on', async () => {
    expect(
      await rulesOf(
        resetUnseen(
          (views) => views,
          (views) => views,
        ),
      ),
    ).toEqual([]);
  });

  it('is ATS023 when an enable after it fails, or a write leaves Enable clear', async () => {
    const lost = `error ATS023 0000:${FN}`;
    expect(await rulesOf(resetUnseen(refused))).toContain(lost);
    expect(await rulesOf(resetUnseen((views) => views.write(0x106, 0)))).toContain(lost);
  });

  it('is told once where the recording shows resets of the kernel', async () => {
    const reset = (views: TwoViews) =>
      views
        .event('rst', `(pci_reset_function+0x4/0xa0) bdf="0000:${FN}"`)
        .event('rst_ret', `(reset_store+0x5d/0xb0 <- pci_reset_function) ret=0 bdf="0000:${FN}"`);
    expect(await rulesOf(resetUnseen(reset))).toEqual([`error ATS023 0000:${FN}`]);
  });

  it('asks nothing of a function that only the hardware knows', async () => {
    const log = [
      ['@0x34 -> 0x40', '@0x40 -> 0x10', '@0x100 -> 0x1081000f', '@0x108 -> 0x10010'].map(
        (read) => `1@1795385833.000001:pci_cfg_read d ${FN} ${read}`,
      ),
      `1@1795385833.000002:pci_cfg_write d ${FN} @0x106 <- 0x8000`,
      `1@1795385833.000003:pci_cfg_write d ${FN} @0x48 <- 0xa810`,
    ].flat();
    const analysis = await analyzeBytes({ 'q.log': `${log.join('\n')}\n` });
    const row = rowsOf(analysis.ruleCoverage).find(({ rule }) => rule === 'ATS023');
    expect([row?.evaluations, row?.unknown]).toEqual([0, 0]);
  });
});

describe('where the trace of the kernel ends', () => {
  it('what the kernel believes is over, and what the register holds is not', async () => {
    const views = resetUnseen((one) => one.write(0x106, 0x8000))
      .hardware(`pci_cfg_read d ${FN} @0x106 -> 0x8000`)
      .hardware(`pci_cfg_read d ${FN} @0x4 -> 0x6`);
    const ended = rowsOf((await analyzeBytes(views.inputs())).transitions).filter(
      (row) => row.origin === 'ended',
    );
    expect(new Set(ended.map((row) => row.layer))).toEqual(new Set(['core', 'drv']));
  });
});
