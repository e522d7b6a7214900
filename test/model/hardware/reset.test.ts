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
function resetUnseen(then: (views: TwoViews) => TwoViews): TwoViews {
  const views = new TwoViews();
  for (const read of ['@0x34 -> 0x40', '@0x40 -> 0x10', '@0x100 -> 0x1081000f', '@0x108 -> 0x10010'])
    views.hardware(`pci_cfg_read d ${FN} ${read}`);
  views
    .ties(0x400)
    .event('en', `(pci_enable_ats+0x4/0xa0) ps=12 vf=0 pf=0 en=0 cap=0x100 bdf="0000:${FN}"`)
    .write(0x106, 0x8000)
    .event(
      'en_ret',
      `(iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ps=12 ret=0 vf=0 pf=0 en=1 cap=0x100 bdf="0000:${FN}"`,
    )
    .ties(0x500)
    .hardware(`pci_cfg_write d ${FN} @0x48 <- 0xa810`)
    .wait(1000);
  return then(views).wait(2_000_000).ties(0x600);
}

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
});
