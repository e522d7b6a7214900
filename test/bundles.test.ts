import { join } from 'node:path';
import { expect, it } from 'vitest';
import { quote } from '../ingest/quote.ts';
import { readInputs } from '../ingest/read.ts';
import { analyze } from '../model/analyze.ts';
import { modelWants } from '../model/lift/ftrace.ts';
import { PLAIN } from '../reports/palette.ts';
import { summaryText } from '../reports/summary-text.ts';
import { rowAt, rowsOf } from '../tables/index.ts';
import { findingsOf } from './support/pipeline.ts';

const BUNDLES = join(import.meta.dirname, 'fixtures', 'bundles');

const DISABLED_BY_MODULE = [
  'ATS015@0000:00:01.0',
  'ATS015@0000:01:00.1',
  'ATS015@0000:01:00.1',
  'ATS034@0000:01:00.1',
  'ATS040@0000:01:00.1',
];
const WRITTEN_BEHIND_THE_KERNEL = [
  'ATS028@0000:01:00.0',
  'ATS028@0000:01:00.1',
  'ATS028@0000:02:00.0',
  'ATS030@0000:01:00.1',
];

/** PF in the identity domain, and so never enabled: its VF, moved to a paging domain, is refused silently. */
const PF_NEVER_ENABLED = ['ATS004@0000:01:00.1'];
const WRITTEN_BY_SETPCI = [
  'ATS012@0000:02:00.0',
  'ATS028@0000:01:00.1',
  'ATS028@0000:02:00.0',
  'ATS030@0000:01:00.1',
];
/** Warnings: this model of the hardware leaves the registers of the VFs alone. */
const PF_RESET_UNDER_VFS = ['ATS024@0000:01:00.1', 'ATS024@0000:01:00.2'];

it.each([
  ['6.1-vtd-domain', 'fail', PF_NEVER_ENABLED],
  ['6.1-vtd-user', 'fail', WRITTEN_BY_SETPCI],
  ['6.1-vtd-flr', 'fail', ['ATS023@0000:01:00.1']],
  ['6.12.118-vtd-stress', 'pass', []],
  ['7.3-vtd-module', 'fail', ['ATS015@0000:01:00.1', 'ATS040@0000:01:00.1']],
  ['7.3-vtd-pf-reset', 'pass', PF_RESET_UNDER_VFS],
  ['7.3-sm-vfio', 'pass', []],
  ['7.3-amd-slot', 'pass', []],
  ['6.12-vtd-s3', 'fail', DISABLED_BY_MODULE],
  ['7.2-sm-s3', 'fail', DISABLED_BY_MODULE],
  ['7.2-vtd-s5', 'fail', WRITTEN_BEHIND_THE_KERNEL],
  ['7.2-vtd-s6', 'pass', []],
  ['7.2-amd-s1', 'pass', []],
])('bundle %s gives %s', async (name, verdict, labels) => {
  const inputs = await readInputs([join(BUNDLES, `${name}.tar.gz`)], { needs: { wants: modelWants } });
  try {
    const analysis = await analyze(inputs.recorded, {
      tool: 'atscope test',
      gate: 'error',
      profile: null,
      quote: (places) => quote(inputs, places),
    });
    expect(rowAt(analysis.verdict, 0).verdict).toBe(verdict);
    const loud = findingsOf(analysis).filter(({ severity }) => severity !== 'note');
    expect(loud.map((finding) => `${finding.rule}@${finding.function}`).sort()).toEqual(labels);
    const text = summaryText(analysis, PLAIN).replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      `${name}.tar.gz: about the recording: manifest.txt, probes.txt, losses.txt, cmdline.txt`,
    );
    expect(rowsOf(analysis.evidence).filter(({ text }) => text.trim() === '')).toEqual([]);
    expect(rowsOf(analysis.sources).filter(({ unparsed }) => unparsed > 0n)).toEqual([]);
  } finally {
    inputs.close();
  }
});
