import { familySize, familyTitle, whenOf } from '../phrases.ts';
import { countBySeverity, type Family, type Finding, severityRank } from '../story.ts';
import { familyAnchor } from './anchors.ts';
import { type FindingContext, findingArticle } from './findings-section.ts';
import { attribute, html, type Markup } from './markup.ts';
import { tableView } from './table.ts';

/** Rows of the table of findings in brief. */
const MAX_BRIEF = 50;

/** What was last known of a function: a row of the query `last-states`. */
export interface LastState {
  readonly fn: number;
  readonly core_en: number | null;
  readonly hw_en: number | null;
  readonly drv_en: number | null;
  readonly core_stu: number | null;
}

/** What the sections of the families share. */
export interface FamilyContext extends FindingContext {
  readonly states: ReadonlyMap<number, LastState>;
}

function enabledText(value: number | null | undefined): string {
  if (value === null || value === undefined) return 'not known';
  return value === 0 ? 'off' : 'on';
}

function membersTable(
  members: Family['members'],
  found: readonly Finding[],
  states: ReadonlyMap<number, LastState>,
): Markup | null {
  if (members.length === 0) return null;
  const order = [...members].sort(
    (a, b) =>
      Number(a.kind === 'vf') - Number(b.kind === 'vf') ||
      (a.vf_index ?? 0) - (b.vf_index ?? 0) ||
      a.fn - b.fn,
  );
  const findings = (fn: number) => found.filter((finding) => finding.fn === fn);
  return tableView(
    'Functions',
    order,
    [
      {
        head: 'function',
        kind: 'data',
        cell: (row) => `${row.kind === 'vf' ? '\u2514 ' : ''}${row.function}`,
      },
      {
        head: 'role',
        kind: 'nowrap',
        cell: (row) => {
          if (row.kind === 'pf') return 'PF';
          if (row.kind !== 'vf') return row.kind === 'function' ? 'function' : 'not known';
          return row.vf_index === null ? 'VF' : `VF ${row.vf_index}`;
        },
      },
      { head: 'generation', kind: 'number', cell: (row) => row.generation },
      { head: 'appears', kind: 'nowrap', cell: (row) => (row.start_seen ? 'in the recording' : 'before it') },
      {
        head: 'ATS capability',
        kind: 'data',
        cell: (row) => (row.ats_capability === null ? 'not seen' : `0x${row.ats_capability.toString(16)}`),
      },
      {
        head: 'at the end: PCI core',
        kind: 'nowrap',
        cell: (row) => enabledText(states.get(row.fn)?.core_en),
      },
      { head: 'register', kind: 'nowrap', cell: (row) => enabledText(states.get(row.fn)?.hw_en) },
      { head: 'driver', kind: 'nowrap', cell: (row) => enabledText(states.get(row.fn)?.drv_en) },
      { head: 'page shift', kind: 'number', cell: (row) => states.get(row.fn)?.core_stu || '' },
      { head: 'events', kind: 'number', cell: (row) => row.events },
      {
        head: 'findings',
        cell: (row) => (findings(row.fn).length === 0 ? 'none' : countBySeverity(findings(row.fn))),
      },
    ],
    100,
  );
}

/** Findings in brief, for when there are too many to tell each in full. */
function briefTable(findings: readonly Finding[], total: number): Markup | null {
  if (findings.length === 0) return null;
  const caption = `The other ${findings.length.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} findings, in brief; findings.json has all in full`;
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
    MAX_BRIEF,
  );
}

/** Errors and warnings in the order of the story, then notes. */
export function toldFindings(family: Family): Finding[] {
  return [...family.findings].sort(
    (a, b) =>
      Number(severityRank(a.severity) > 1) - Number(severityRank(b.severity) > 1) || a.finding - b.finding,
  );
}

/**
 * One PF family: its functions, its timeline, and its findings with causes before consequences, those in `context.anchors`
 * in full.
 */
export function familySection(family: Family, timeline: Markup | null, context: FamilyContext): Markup {
  const size = familySize(family);
  const id = attribute(familyAnchor(family.key));
  const findings = toldFindings(family);
  const full = findings.filter((finding) => context.anchors.has(finding.finding));
  const brief = findings.filter((finding) => !context.anchors.has(finding.finding));
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title"><span class="data">${familyTitle(family)}</span> <span class="dim">${size ? `${size}, ` : ''}${countBySeverity(findings)}</span></h3>
${timeline}${membersTable(family.members, findings, context.states)}${full.map((finding) => findingArticle(finding, context))}${briefTable(brief, findings.length)}</section>
`;
}

/** Functions that the recording names without telling anything about their ATS state. */
export function silentSection(families: readonly Family[], context: FamilyContext): Markup {
  return html`<section id="silent" aria-labelledby="silent-title">
<h2 id="silent-title">Functions without a known ATS state</h2>
${membersTable(
  families.flatMap((family) => family.members),
  [],
  context.states,
)}</section>
`;
}
