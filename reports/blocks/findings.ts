import { findingArticle } from '../html/findings-section.ts';
import { html, type Markup } from '../html/markup.ts';
import { tableView } from '../html/table.ts';
import { whenOf } from '../phrases.ts';
import { type Finding, severityRank } from '../story.ts';
import { thousands } from '../thousands.ts';
import { type Block, numberOption, type PageContext } from './context.ts';

/** Rows of the table of findings in brief. */
const MAX_BRIEF = 50;

/** Findings in brief, for when there are too many to tell each in full. */
function briefTable(findings: readonly Finding[], total: number): Markup | null {
  if (findings.length === 0) return null;
  const rest = thousands(findings.length);
  const caption =
    findings.length === total
      ? `${rest} findings, in brief; findings.json has all in full`
      : `The other ${rest} of ${thousands(total)} findings, in brief; findings.json has all in full`;
  return tableView(
    caption,
    findings,
    [
      { head: 'severity', kind: 'nowrap', cell: (finding) => finding.severity },
      { head: 'rule', kind: 'data', cell: (finding) => finding.rule },
      { head: 'function', kind: 'data', cell: (finding) => finding.function ?? 'not named' },
      { head: 'when', kind: 'data', cell: (finding) => (finding.time_ns === null ? '' : whenOf(finding)) },
      { head: 'message', cell: (finding) => finding.message },
    ],
    { limit: MAX_BRIEF },
  );
}

/** Errors and warnings in the order of the story, then notes. */
export function toldOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      Number(severityRank(a.severity) > 1) - Number(severityRank(b.severity) > 1) || a.finding - b.finding,
  );
}

/** Findings in full, as many as the page has room for, and the others in brief. */
export async function findingsBlock(block: Block, context: PageContext): Promise<Markup> {
  const story = await context.story();
  const [query] = block.words;
  const wanted =
    query === undefined
      ? null
      : new Set(
          (await context.answers.of(query, block.parameters)).rows.map((row) =>
            Number(row.finding ?? Number.NaN),
          ),
        );
  const all = toldOrder(story.all.filter((finding) => wanted === null || wanted.has(finding.finding)));
  const room = Math.min(numberOption(block, 'limit', 150), context.budget.findings);
  const shared = await context.findings();
  const full = all.filter((finding) => shared.anchors.has(finding.finding)).slice(0, room);
  context.budget.findings -= full.length;
  const told = new Set(full);
  const brief = all.filter((finding) => !told.has(finding));
  return html`<div class="findings">
${full.map((finding) => findingArticle(finding, shared))}${briefTable(brief, all.length)}</div>
`;
}
