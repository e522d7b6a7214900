import { findingAnchors } from '../html/anchors.ts';
import { attribute, html, type Markup } from '../html/markup.ts';
import type { PageContext } from './context.ts';
import { toldOrder } from './findings.ts';

/** A row of the query `matrix`. */
interface Cell {
  readonly family: string;
  readonly function: string;
  readonly kind: string;
  readonly vf_index: number | null;
  readonly state: 'on' | 'off' | 'unknown' | 'apart';
  readonly was_on: boolean;
  readonly page_shift: number | null;
  readonly pf_page_shift: number | null;
  readonly severity: string | null;
  readonly signature: string | null;
}

/** VFs on one line. */
const LINE = 16;
/** Families and cells on the page. */
const MAX_FAMILIES = 64;
const MAX_CELLS = 4096;

const WORDS: Readonly<Record<Cell['state'], string>> = {
  on: 'ATS on at the end',
  off: 'ATS off at the end',
  unknown: 'ATS not known at the end',
  apart: 'layers disagree at the end',
};

function differs(cell: Cell): boolean {
  return (
    cell.kind === 'vf' &&
    cell.page_shift !== null &&
    cell.pf_page_shift !== null &&
    cell.page_shift !== cell.pf_page_shift
  );
}

function titleOf(cell: Cell): string {
  const was = cell.was_on && cell.state !== 'on' ? ', on before' : '';
  const shift =
    cell.page_shift === null
      ? 'page shift not known'
      : `page shift ${cell.page_shift}${differs(cell) ? `, but its PF holds ${cell.pf_page_shift}` : ''}`;
  const grave = cell.severity === null ? '' : `; ${cell.severity}`;
  return `${cell.function}: ${WORDS[cell.state]}${was}, ${shift}${grave}`;
}

/** Nothing that only a colour tells: the letters say it too. */
function cellMarkup(cell: Cell, anchors: ReadonlySet<string>): Markup {
  const state = { on: 'on', off: cell.was_on ? 'was on' : 'off', unknown: '?', apart: '\u2260' }[cell.state];
  const shift =
    cell.page_shift === null
      ? ''
      : ` ${cell.page_shift}${differs(cell) ? `\u2260${cell.pf_page_shift}` : ''}`;
  const style = `cell ${cell.state}${cell.was_on ? ' was' : ''}${cell.severity === null ? '' : ` ${cell.severity}`}`;
  const anchor = cell.signature === null ? null : findingAnchor(cell.signature);
  const text = html`${state}${differs(cell) ? html`<b>${shift}</b>` : shift}`;
  return html`<td class="${attribute(style)}" title="${attribute(titleOf(cell))}">${
    anchor && anchors.has(anchor) ? html`<a href="#${attribute(anchor)}">${text}</a>` : text
  }</td>`;
}

function findingAnchor(signature: string): string {
  return `finding-${signature}`;
}

/** A line of VFs, with the PF before the first. */
function line(
  head: string,
  pf: Cell | null,
  vfs: readonly Cell[],
  from: number,
  anchors: ReadonlySet<string>,
): Markup {
  const places = Array.from({ length: LINE }, (_, index) =>
    vfs.find((vf) => (vf.vf_index ?? -1) === from + index),
  );
  const last = places.findLastIndex((cell) => cell !== undefined);
  return html`<tr><th scope="row" class="data">${head}</th>${pf ? cellMarkup(pf, anchors) : html`<td></td>`}${places
    .slice(0, last + 1)
    .map((cell) => (cell ? cellMarkup(cell, anchors) : html`<td class="cell none"></td>`))}</tr>
`;
}

function familyLines(key: string, cells: readonly Cell[], anchors: ReadonlySet<string>): Markup[] {
  const own = cells.find((cell) => cell.kind !== 'vf') ?? null;
  // A VF whose index is not known stands behind the others.
  let next = Math.max(-1, ...cells.map((cell) => cell.vf_index ?? -1)) + 1;
  const vfs = cells
    .filter((cell) => cell.kind === 'vf')
    .map((cell) => ({ ...cell, vf_index: cell.vf_index ?? next++ }));
  const starts = [...new Set(vfs.map((vf) => Math.floor(vf.vf_index / LINE) * LINE))].sort((a, b) => a - b);
  if (starts.length === 0) return [line(key, own, [], 0, anchors)];
  return starts.map((from, index) =>
    line(index === 0 ? key : `VF ${from} and on`, index === 0 ? own : null, vfs, from, anchors),
  );
}

/** PFs and their VFs as a grid; null when no state is known. */
export async function matrixBlock(context: PageContext): Promise<Markup | null> {
  const cells = (await context.db.named<Cell>('matrix')).slice(0, MAX_CELLS);
  if (cells.length === 0) return null;
  const story = await context.story();
  const told = story.families.flatMap((family) => toldOrder(family.findings));
  const anchors = new Set(findingAnchors(told).values());
  const families = new Map<string, Cell[]>();
  for (const cell of cells) families.set(cell.family, [...(families.get(cell.family) ?? []), cell]);
  const shown = [...families].slice(0, MAX_FAMILIES);
  const widest = Math.max(
    0,
    ...shown.flatMap(([, own]) =>
      own.filter((cell) => cell.kind === 'vf').map((cell) => (cell.vf_index ?? 0) + 1),
    ),
  );
  const columns = Math.min(LINE, widest);
  const more = families.size - shown.length;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="PFs and VFs"><table class="matrix">
<caption>ATS and page shift of each function${more > 0 ? `, showing ${shown.length} of ${families.size} families` : ''}</caption>
<thead><tr><th scope="col">PF or function</th><th scope="col">itself</th>${Array.from({ length: columns }, (_, index) => html`<th scope="col">VF ${widest > LINE ? `+${index}` : index}</th>`)}</tr></thead>
<tbody>
${shown.flatMap(([key, own]) => familyLines(key, own, anchors))}</tbody></table></div>
<p class="dim">on, was on, off: ATS at the end of the recording, or before it; ? not known; &#8800; the layers disagree. The number is the page shift (12 + STU): the one a PF keeps, the one last asked for a VF, and what its PF holds where that is another.</p>
`;
}
