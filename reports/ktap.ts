import type { Analysis } from '../model/analysis.ts';
import { functionTitle, placeOf, whenOf } from './phrases.ts';
import { whyNotFailing } from './rule-outcome.ts';
import { type Story, storyRowsOf, tellStory } from './story.ts';
import { oneLine } from './visible.ts';

const MAX_TEXT = 400;

/** A description may hold no `#`: it begins the directive. */
function plain(text: string): string {
  return oneLine(text, MAX_TEXT).replaceAll('#', '\\#');
}

function ruleLines(
  story: Story,
  rule: Story['rules'][number],
  number: number,
): { lines: string[]; ok: boolean } {
  const found = story.all.filter((finding) => finding.rule === rule.rule);
  const ok = !found.some((finding) => finding.gating);
  const known = ok ? whyNotFailing(found) : null;
  const skip = !ok
    ? ''
    : known !== null
      ? ` # XFAIL ${plain(known)}`
      : rule.status === 'evaluated'
        ? ''
        : ` # SKIP ${plain(rule.why || rule.status)}`;
  const notes = found.map((finding) => {
    const last = finding.evidence.at(-1);
    const place = last ? ` [${placeOf(last)}]` : '';
    return `    # ${finding.severity}: ${plain(`${functionTitle(finding)}, ${whenOf(finding)}: ${finding.message}${place}`)}`;
  });
  return {
    ok,
    lines: [...notes, `    ${ok ? 'ok' : 'not ok'} ${number} ${rule.rule} ${plain(rule.name)}${skip}`],
  };
}

/**
 * The verdict in the format of the kernel's tests (Documentation/dev-tools/ktap.rst): a test for each rule. SKIP is what could
 * not be judged, XFAIL what is suppressed or known from the baseline.
 */
export function ktapText(analysis: Analysis): string {
  const story = tellStory(storyRowsOf(analysis));
  const rules = story.rules.map((rule, index) => ruleLines(story, rule, index + 1));
  const { verdict, sentence, tool } = story.verdict;
  const skip = verdict === 'inconclusive' ? ` # SKIP ${plain(sentence)}` : '';
  return `${[
    'KTAP version 1',
    '1..1',
    '    KTAP version 1',
    '    # Subtest: ats',
    `    # ${plain(tool)}: ${plain(sentence)}`,
    `    1..${rules.length}`,
    ...rules.flatMap((rule) => rule.lines),
    `${verdict === 'fail' ? 'not ok' : 'ok'} 1 ats${skip}`,
  ].join('\n')}\n`;
}
