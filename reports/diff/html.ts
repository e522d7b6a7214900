import type { Difference, DiffSide, Outcome } from '../../model/gate/difference.ts';
import { statusLabel } from '../gate-phrases.ts';
import { attribute, html, type Markup } from '../html/markup.ts';
import { page } from '../html/page.ts';
import { tableView } from '../html/table.ts';
import { counted } from '../phrases.ts';
import {
  callText,
  changedCalls,
  extraCalls,
  featureText,
  headline,
  noCallsText,
  outcomeWord,
  ruleWhy,
  sideText,
  statusText,
} from './phrases.ts';

function sideMarkup(title: string, side: DiffSide): Markup {
  return html`<dt>${title}</dt><dd><span class="data">${side.label}</span>: ${sideText(side)}<br>${side.sentence}</dd>
`;
}

function findingsSection(diff: Difference): Markup {
  return html`<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
${
  diff.findings.length === 0
    ? html`<p>Neither side has any.</p>`
    : tableView('Findings before and after', diff.findings, [
        {
          head: 'status',
          kind: 'nowrap',
          cell: (row) =>
            html`<span class="tag ${attribute(row.status === 'fixed' ? 'pass' : (row.severity ?? ''))}">${statusLabel(row)}</span>`,
        },
        { head: 'severity', kind: 'nowrap', cell: (row) => row.severity ?? row.baseline_severity ?? '' },
        { head: 'rule', kind: 'nowrap', cell: (row) => `${row.rule} ${row.name}` },
        { head: 'function', kind: 'data', cell: (row) => row.function ?? 'none' },
        {
          head: 'message',
          cell: (row) =>
            html`${row.message}${row.why === '' ? null : html`<br><span class="dim">${row.why}</span>`}`,
        },
      ])
}</section>
`;
}

function callsSection(diff: Difference): Markup {
  const calls = diff.calls;
  const changed = calls === null ? [] : changedCalls(calls);
  const extra = (side: 'before' | 'after') => {
    const text = calls === null ? '' : extraCalls(calls, side);
    return text === '' ? null : html`<p>Only ${side}: ${text}.</p>`;
  };
  return html`<section id="calls" aria-labelledby="calls-title">
<h2 id="calls-title">Calls</h2>
${
  calls === null
    ? html`<p>${noCallsText(diff)}</p>`
    : calls.length === 0
      ? html`<p>The same calls with the same results.</p>`
      : null
}${
  changed.length === 0
    ? null
    : tableView('Calls answered differently', changed, [
        { head: 'call', kind: 'data', cell: (row) => row.kind },
        { head: 'function', kind: 'data', cell: (row) => row.function ?? 'none' },
        { head: 'number', kind: 'number', cell: (row) => row.nth },
        { head: 'before', cell: (row) => callText(row.before) },
        { head: 'after', cell: (row) => callText(row.after) },
      ])
}${extra('before')}${extra('after')}</section>
`;
}

function featuresSection(diff: Difference): Markup {
  return html`<section id="features" aria-labelledby="features-title">
<h2 id="features-title">Kernel behaviour</h2>
${
  diff.features.length === 0
    ? html`<p>The same on both sides.</p>`
    : tableView('Features that differ', diff.features, [
        { head: 'feature', kind: 'data', cell: (row) => row.feature },
        { head: 'before', cell: (row) => featureText(row.before) },
        { head: 'after', cell: (row) => featureText(row.after) },
      ])
}</section>
`;
}

function rulesSection(diff: Difference): Markup {
  const functions = [
    ...(diff.onlyBefore.length > 0 ? [`Functions only before: ${diff.onlyBefore.join(', ')}.`] : []),
    ...(diff.onlyAfter.length > 0 ? [`Functions only after: ${diff.onlyAfter.join(', ')}.`] : []),
  ];
  return html`<section id="rules" aria-labelledby="rules-title">
<h2 id="rules-title">What could be judged</h2>
${functions.map((text) => html`<p>${text}</p>`)}${
  diff.rules.length === 0
    ? html`<p>The same rules on both sides.</p>`
    : tableView('Rules that were judged on one side only', diff.rules, [
        { head: 'rule', kind: 'data', cell: (row) => row.rule },
        { head: 'before', kind: 'nowrap', cell: (row) => statusText(row.before) },
        { head: 'after', kind: 'nowrap', cell: (row) => statusText(row.after) },
        { head: 'why', cell: ruleWhy },
      ])
}</section>
`;
}

/** The difference as one self-contained page, under the same policy and in the same style as the report. */
export function diffHtml(diff: Difference, outcome: Outcome, tool: string): string {
  const word = outcomeWord(outcome);
  const look = { worse: 'fail', inconclusive: 'inconclusive', no_worse: 'pass' }[outcome];
  const body = html`<header>
<h1>PCIe ATS state: before and after</h1>
<div class="verdict ${attribute(look)}" id="verdict"><strong>${word}</strong><p>${headline(diff)}.</p></div>
<dl class="facts">
${sideMarkup('before', diff.before)}${sideMarkup('after', diff.after)}</dl>
</header>
<nav class="contents" aria-label="Contents"><ul>
<li><a href="#findings">Findings</a></li>
<li><a href="#calls">Calls</a></li>
<li><a href="#features">Kernel behaviour</a></li>
<li><a href="#rules">What could be judged</a></li>
</ul></nav>
<main id="main">
${findingsSection(diff)}${callsSection(diff)}${featuresSection(diff)}${rulesSection(diff)}</main>
<footer>Made by ${tool}. ${counted(diff.findings.length, 'finding')} compared by signature.</footer>
`;
  return page(`ATS difference: ${word.toLowerCase()}`, body);
}
