import { expect, test } from 'vitest';
import { summaryMarkdown } from '../../reports/summary-markdown.ts';
import { EVIDENCE, FINDINGS } from '../../tables/index.ts';
import { evidenceRow, findingRow, sampleAnalysis, tableOf } from './sample.ts';

test('tells the verdict, the findings, the limits and the sources', () => {
  const text = summaryMarkdown(sampleAnalysis());
  for (const part of [
    '# ATS verdict: FAIL',
    '### PF family 0000:01:00.0 (PF + 3 VFs): 2 errors, 1 note',
    '#### error ATS003 vf-prepare-stu-mismatch: VF 0000:01:00.2 (VF 1 of PF 0000:01:00.0)',
    '- leads to: ATS004 on 0000:01:00.2',
    '`captures/board-7/trace.txt:59`',
    '| ATS007 | vf-stu-field-nonzero |',
    'Record next time: Record from boot',
  ]) {
    expect(text).toContain(part);
  }
});

test('nothing of a recording acts as markup', () => {
  const hostile = '<script>x</script> [a](http://b) @team ![i](j) **b** `c` | d #12 \x1b[2J _e_ www.f.org';
  const text = summaryMarkdown(
    sampleAnalysis({
      findings: tableOf(FINDINGS, [findingRow(0, { message: hostile, observed: '# heading' })]),
      evidence: tableOf(EVIDENCE, [evidenceRow(0, 0, { text: 'a `` b ` c <b>' })]),
    }),
  );
  expect(text).toContain(
    '&#60;script&#62;x&#60;/script&#62; \\[a\\](http&#58;//b) &#64;team !\\[i\\](j) \\*\\*b\\*\\* \\`c\\` \\| d &#35;12 \\\\x1b\\[2J \\_e\\_ www&#46;f.org',
  );
  expect(text).toContain('- observed: \\# heading');
  expect(text).toContain('``` a `` b ` c <b> ```');
});

test('a cut list says how much it left out', () => {
  const many = Array.from({ length: 80 }, (_, index) => findingRow(index));
  const text = summaryMarkdown(sampleAnalysis({ findings: tableOf(FINDINGS, many) }));
  expect(text).toContain('Showing 50 of 80 errors and warnings');
  expect(text.match(/^#### /gm)).toHaveLength(50);
});
