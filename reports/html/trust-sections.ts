import { counted, timeText } from '../phrases.ts';
import type { Story } from '../story.ts';
import { html, type Markup } from './markup.ts';
import { tableView } from './table.ts';

function sourceName(story: Story, number: number): string {
  return story.sources.find((source) => source.source === number)?.path ?? `source ${number}`;
}

/** A time of a source, on its own clock. */
function timeIn(story: Story, source: number, ns: bigint | null): string {
  const ticks = story.sources.find((row) => row.source === source)?.time_unit === 'ticks';
  return ns === null ? '' : timeText(ns, ticks);
}

function place(row: { readonly line: number | null; readonly offset: bigint | null }): string {
  if (row.line !== null) return `line ${row.line.toLocaleString('en-US')}`;
  return row.offset === null ? '' : `byte ${row.offset.toLocaleString('en-US')}`;
}

/** What could not be judged, why, and what to record to settle it. */
export function limitsSection(story: Story): Markup {
  const unjudged = story.rules.filter((rule) => rule.status === 'not_evaluable');
  const reasons = story.reasons.map(
    (reason) => html`<div class="limit${reason.decisive ? ' decisive' : ''}">
<p>${reason.decisive ? html`<strong>Makes the verdict inconclusive.</strong> ` : null}${reason.reason}</p>
${reason.settle ? html`<p><span class="dim">Record next time:</span> ${reason.settle}</p>` : null}</div>
`,
  );
  return html`<section id="limits" aria-labelledby="limits-title">
<h2 id="limits-title">What could not be judged</h2>
${reasons}${
  unjudged.length === 0
    ? html`<p>Every rule that applies to this kernel could be judged at least once.</p>`
    : tableView('Rules without a decision', unjudged, [
        { head: 'rule', kind: 'data', cell: (rule) => rule.rule },
        { head: 'name', kind: 'nowrap', cell: (rule) => rule.name },
        { head: 'operands unknown', kind: 'number', cell: (rule) => rule.unknown },
        { head: 'why, and what to record', cell: (rule) => rule.why },
      ])
}</section>
`;
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  evaluated: 'judged',
  not_evaluable: 'could not be judged',
  not_applicable: 'does not apply',
};

/** Every rule and how often it was decided. */
export function rulesSection(story: Story): Markup {
  const judged = story.rules.filter((rule) => rule.status === 'evaluated').length;
  return html`<section id="rules" aria-labelledby="rules-title">
<h2 id="rules-title">What was checked</h2>
<p>${judged} of ${counted(story.rules.length, 'rule')} could be judged.</p>
${tableView('Rules', story.rules, [
  { head: 'rule', kind: 'data', cell: (rule) => rule.rule },
  { head: 'name', kind: 'nowrap', cell: (rule) => rule.name },
  { head: 'status', kind: 'nowrap', cell: (rule) => STATUS_WORDS[rule.status] ?? rule.status },
  { head: 'decided', kind: 'number', cell: (rule) => rule.evaluations },
  { head: 'unknown', kind: 'number', cell: (rule) => rule.unknown },
  { head: 'findings', kind: 'number', cell: (rule) => rule.findings },
  { head: 'why not', cell: (rule) => rule.why },
])}</section>
`;
}

/** The kernel behaviour that the rules assumed. */
export function featuresSection(story: Story): Markup {
  const profile = story.verdict.profile;
  return html`<section id="features" aria-labelledby="features-title">
<h2 id="features-title">Kernel behaviour assumed</h2>
<p>${profile === null ? 'The kernel is not known.' : html`Profile <code>${profile}</code>.`} Behaviour seen in the recording goes before the profile.</p>
${tableView('Features', story.features, [
  { head: 'feature', kind: 'data', cell: (row) => row.feature },
  { head: 'value', kind: 'data', cell: (row) => row.value },
  { head: 'known from', kind: 'nowrap', cell: (row) => row.origin },
  { head: 'meaning', cell: (row) => row.doc },
])}</section>
`;
}

function bytesTable(story: Story): Markup {
  const number = (count: bigint) => count.toLocaleString('en-US');
  return tableView('Every byte of the input, by what it is', story.sources, [
    { head: 'source', kind: 'data', cell: (row) => row.path },
    { head: 'bytes', kind: 'number', cell: (row) => number(row.bytes) },
    { head: 'records', kind: 'number', cell: (row) => number(row.record_bytes) },
    { head: 'continuations', kind: 'number', cell: (row) => number(row.continuation_bytes) },
    { head: 'marks', kind: 'number', cell: (row) => number(row.marker_bytes) },
    { head: 'comments', kind: 'number', cell: (row) => number(row.comment_bytes) },
    { head: 'not understood', kind: 'number', cell: (row) => number(row.unparsed_bytes) },
  ]);
}

function lossesTable(story: Story): Markup {
  if (story.losses.length === 0) return html`<p>The recording reports no losses.</p>`;
  return tableView('Losses', story.losses, [
    { head: 'source', kind: 'data', cell: (row) => sourceName(story, row.source) },
    { head: 'where', kind: 'nowrap', cell: (row) => place(row) },
    { head: 'kind', kind: 'nowrap', cell: (row) => row.kind },
    { head: 'CPU', kind: 'number', cell: (row) => row.cpu ?? 'any' },
    { head: 'lost', kind: 'number', cell: (row) => row.count?.toLocaleString('en-US') ?? 'not said' },
    { head: 'from', kind: 'data', cell: (row) => timeIn(story, row.source, row.from_ns) || 'start' },
    { head: 'to', kind: 'data', cell: (row) => timeIn(story, row.source, row.to_ns) || 'end' },
    { head: 'message', kind: 'data', cell: (row) => row.message },
  ]);
}

function importTable(story: Story): Markup {
  if (story.importLog.length === 0) return html`<p>Everything in the input was understood.</p>`;
  return tableView('Read with difficulty', story.importLog, [
    { head: 'severity', kind: 'nowrap', cell: (row) => row.severity },
    { head: 'source', kind: 'data', cell: (row) => sourceName(story, row.source) },
    { head: 'where', kind: 'nowrap', cell: (row) => place(row) },
    { head: 'times', kind: 'number', cell: (row) => row.count },
    { head: 'message', cell: (row) => row.message },
  ]);
}

/** What was read and how completely: sources, bytes, losses, clocks. */
export function recordingSection(story: Story): Markup {
  return html`<section id="recording" aria-labelledby="recording-title">
<h2 id="recording-title">Can this be trusted? The recording</h2>
${tableView('Sources', story.sources, [
  { head: 'source', kind: 'data', cell: (row) => row.path },
  { head: 'format', kind: 'nowrap', cell: (row) => row.detail ?? row.format },
  { head: 'records', kind: 'number', cell: (row) => row.records.toLocaleString('en-US') },
  { head: 'from', kind: 'data', cell: (row) => timeIn(story, row.source, row.first_ns) },
  { head: 'to', kind: 'data', cell: (row) => timeIn(story, row.source, row.last_ns) },
  { head: 'clock', kind: 'nowrap', cell: (row) => row.clock ?? 'not said' },
  { head: 'kernel', kind: 'data', cell: (row) => row.kernel_release ?? 'not said' },
  { head: 'complete', kind: 'nowrap', cell: (row) => (row.complete ? 'yes' : 'no: cut in a record') },
])}${bytesTable(story)}${lossesTable(story)}${importTable(story)}${tableView('Clocks', story.clocks, [
  { head: 'source', kind: 'data', cell: (row) => sourceName(story, row.source) },
  { head: 'clock', kind: 'nowrap', cell: (row) => row.clock ?? 'not said' },
  { head: 'relation', kind: 'nowrap', cell: (row) => row.relation },
  { head: 'offset', kind: 'data', cell: (row) => timeIn(story, row.source, row.offset_ns) },
  { head: 'error at most', kind: 'data', cell: (row) => timeIn(story, row.source, row.residual_ns) },
  { head: 'matches', kind: 'number', cell: (row) => row.matches },
  { head: 'method', cell: (row) => row.method },
])}</section>
`;
}
