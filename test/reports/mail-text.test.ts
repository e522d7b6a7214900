import { expect, test } from 'vitest';
import { mailText } from '../../reports/mail-text.ts';
import { storyRowsOf, tellStory } from '../../reports/story.ts';
import { sampleAnalysis } from './sample.ts';

test('a finding as plain text of at most 75 columns', () => {
  const story = tellStory(storyRowsOf(sampleAnalysis()));
  const names = new Map([['captures/board-7/trace.txt', 'trace.txt']]);
  const text = mailText(story.all[1], { kernels: ['6.12.107'], names, tool: 'atscope 0.1.0' });
  expect(text).toBe(`error: ATS004 vf-enable-stu-mismatch
VF 0000:01:00.2 (VF 1 of PF 0000:01:00.0), kernel 6.12.107

  ATS could not be enabled on the VF 0000:01:00.2: it asked for page shift
  13, its PF has 12.

  When:      25.591800 s, since 25.590861 s
  Expected:  pci_enable_ats() with the page shift of the PF, 12
  Observed:  pci_enable_ats() with page shift 13 returned -22 (EINVAL)
  Cause:     ATS003 on 0000:01:00.2 at 25.590861 s

Evidence:
  trace.txt:59, call:
    sh-150     [000] .....    25.590847: pci_prepare_ats:
    (pci_prepare_ats+0x4/0x70) ps=13 vf=1 pf=0 en=0 cap=0x100 stu=0
    bdf="0000:01:00.2"
  trace.txt:60, return:
    sh-150     [000] .....    25.590847: pci_prepare_ats:
    (pci_prepare_ats+0x4/0x70) ps=13 vf=1 pf=0 en=0 cap=0x100 stu=0
    bdf="0000:01:00.2"

Found by atscope 0.1.0; signature ATS004:0000:01:00.2
`);
});
