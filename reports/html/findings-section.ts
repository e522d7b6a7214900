import { RULE_BY_ID } from '../../model/rules/index.ts';
import { formatSeconds } from '../../tables/index.ts';
import { until } from '../gate-phrases.ts';
import { type MailContext, mailText } from '../mail-text.ts';
import { functionName, functionTitle, mention, placeOf, sinceOf, whenOf } from '../phrases.ts';
import type { Finding } from '../story.ts';
import { type FindingDetails, fateText, logDetails, statesTable } from './finding-details.ts';
import { attribute, html, lines, type Markup } from './markup.ts';

/** Evidence records shown for each finding: the first ones and the last. */
const MAX_EVIDENCE = 12;
const MAX_LINKS = 12;

export type Anchors = ReadonlyMap<number, string>;

/** What the parts of the page about findings share. */
export interface FindingContext extends MailContext {
  readonly anchors: Anchors;
  readonly details: FindingDetails;
  /** Anchor of the finding that explains a rule, for those that come after it. */
  readonly explained: Map<string, string>;
}

function linkTo(finding: Finding, anchors: Anchors): Markup {
  const anchor = anchors.get(finding.finding);
  return anchor ? html`<a href="#${attribute(anchor)}">${mention(finding)}</a>` : html`${mention(finding)}`;
}

function links(label: string, findings: readonly Finding[], anchors: Anchors): Markup | null {
  if (findings.length === 0) return null;
  const rest = findings.length - MAX_LINKS;
  const shown = findings
    .slice(0, MAX_LINKS)
    .map((finding, index) => html`${index > 0 ? ', ' : ''}${linkTo(finding, anchors)}`);
  return html`<dt>${label}</dt><dd>${shown}${rest > 0 ? ` and ${rest} more` : ''}</dd>
`;
}

function evidenceTable(finding: Finding, names: ReadonlyMap<string, string>): Markup | null {
  const all = finding.evidence;
  if (all.length === 0) return null;
  const shown = all.length <= MAX_EVIDENCE ? all : [...all.slice(0, MAX_EVIDENCE - 1), all[all.length - 1]];
  const count =
    shown.length < all.length
      ? `, showing ${shown.length} of ${all.length}: the first ones and the last`
      : '';
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Evidence"><table class="evidence">
<caption>Evidence${count}</caption>
<thead><tr><th scope="col">where</th><th scope="col">what it shows</th><th scope="col">record</th></tr></thead>
<tbody>
${shown.map(
  (
    line,
  ) => html`<tr><td class="data nowrap">${placeOf(line, names)}</td><td class="nowrap">${line.role}</td><td class="data record">${line.text.trim()}</td></tr>
`,
)}</tbody></table></div>
`;
}

/** What a rule means and what to do, at the first finding of the rule; a link to it at the others. */
function explanation(finding: Finding, anchor: string, explained: Map<string, string>): Markup | null {
  const rule = RULE_BY_ID.get(finding.rule);
  if (!rule || finding.severity === 'note') return null;
  const first = explained.get(finding.rule);
  if (first !== undefined)
    return html`<dt>meaning</dt><dd>as at the <a href="#${attribute(first)}">first ${finding.rule}</a></dd>
`;
  explained.set(finding.rule, anchor);
  return html`<dt>meaning</dt><dd>${rule.meaning}</dd>
<dt>what to do</dt><dd>${rule.fix}</dd>
`;
}

/** Whether the finding is new, and who decided to live with it. */
function gateFacts(finding: Finding): Markup | null {
  const { suppression, status } = finding;
  return html`${
    status === null
      ? null
      : html`<dt>baseline</dt><dd>${status === 'still' ? 'known from it' : status === 'changed' ? 'in it with another severity' : status}</dd>
`
  }${
    suppression === null
      ? null
      : html`<dt>suppressed</dt><dd>${until(suppression.expires)}: ${suppression.reason}</dd>
`
  }`;
}

/** One finding: what is wrong, when, what was expected and seen, why, and the records that show it. */
export function findingArticle(finding: Finding, context: FindingContext): Markup {
  const { anchors, names, details } = context;
  const id = anchors.get(finding.finding) ?? '';
  const anchor = attribute(id);
  const fate = details.fates.get(finding.finding);
  const pf = finding.pf === null || finding.pf === finding.function ? null : `PF ${finding.pf}`;
  const follows = finding.causes.length > 0;
  const since = sinceOf(finding);
  return html`<article class="finding ${attribute(finding.severity)}${follows ? ' follows' : ''}" id="${anchor}" aria-labelledby="${anchor}-title">
<h4 id="${anchor}-title"><span class="tag ${attribute(finding.severity)}">${finding.severity}</span> <a class="rule" href="#${anchor}">${finding.rule} ${finding.name}</a> <span class="data">${functionTitle(finding)}</span> <span class="when data">${finding.time_ns === null && finding.evidence.length === 0 ? null : whenOf(finding)}</span></h4>
<p class="message">${finding.message}</p>
<dl class="facts">
<dt>expected</dt><dd>${finding.expected}</dd>
<dt>observed</dt><dd>${finding.observed}</dd>
${
  since === null
    ? null
    : html`<dt>since</dt><dd class="data">${since}${beforeText(finding)}</dd>
`
}${links('caused by', finding.causes, anchors)}${links('leads to', finding.consequences, anchors)}${explanation(finding, id, context.explained)}${
  fate === undefined
    ? null
    : html`<dt>under ${fate.profile}</dt><dd>${fateText(fate)}</dd>
`
}${gateFacts(finding)}</dl>
${evidenceTable(finding, names)}${statesTable(details.states.get(finding.finding) ?? [], functionName(finding), pf)}${logDetails(details.log.get(finding.finding) ?? [])}<details class="mail"><summary>As text for a mail</summary><pre tabindex="0">${lines(mailText(finding, context))}</pre></details>
</article>
`;
}

function beforeText(finding: Finding): string {
  if (
    finding.since_ns === null ||
    finding.time_ns === null ||
    finding.since_ns > finding.time_ns ||
    finding.ticks
  ) {
    return '';
  }
  return ` (${formatSeconds(finding.time_ns - finding.since_ns)} s before it showed)`;
}
