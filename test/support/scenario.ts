import { describe, expect, it } from 'vitest';
import { rowAt } from '../../tables/index.ts';
import { analyzeBytes, findingsOf } from './pipeline.ts';
import { TraceWriter } from './trace-writer.ts';

/** Stories that no capture tells: what must be found in each, and nothing else. */
export interface Scenario {
  readonly what: string;
  readonly profile?: string;
  readonly log?: string;
  story(trace: TraceWriter): TraceWriter;
  /** `severity RULE function` without notes. */
  readonly loud: readonly string[];
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
}

/** One test for each story. Without a profile it is told of a kernel 6.12-old. */
export function describeScenarios(title: string, scenarios: readonly Scenario[]): void {
  describe(title, () => {
    for (const { what, profile = '6.12-old', log, story, loud, verdict } of scenarios) {
      it(what, async () => {
        const inputs: Record<string, string> = { 'trace.txt': story(new TraceWriter()).text() };
        if (log) inputs['dmesg.txt'] = log;
        const analysis = await analyzeBytes(inputs, { profile });
        const found = findingsOf(analysis)
          .filter((finding) => finding.severity !== 'note')
          .map((finding) => `${finding.severity} ${finding.rule} ${finding.function}`);
        expect([...found].sort()).toEqual([...loud].sort());
        expect(rowAt(analysis.verdict, 0).verdict).toBe(verdict);
      });
    }
  });
}
