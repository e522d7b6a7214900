import { attribute, html, type Markup } from '../html/markup.ts';
import { thousands } from '../thousands.ts';
import { type Block, type PageContext, textOption } from './context.ts';

/** A row of the query `machine-coverage`. */
interface Step {
  readonly kind: string;
  readonly from_state: string;
  readonly event: string;
  readonly to_state: string;
  readonly nature: string;
  readonly taken: number;
}

/** Steps between the same two states. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly steps: readonly Step[];
}

/** Where the states stand, from left to right, in pixels. */
const PLACES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  pf: { absent: 70, fresh: 300, prepared: 560, enabled: 830 },
  vf: { absent: 70, off: 400, enabled: 740 },
};
const WIDTH = 960;
const LINE = 14;
const BOX = { width: 92, height: 30 };

function wordsOf(step: Step): string {
  return step.taken > 0 ? `${step.event} \u00d7${thousands(step.taken)}` : step.event;
}

/** `bug` or `refused` for a step that is one and was taken; else whether it was taken. */
function styleOf(steps: readonly Step[]): string {
  for (const nature of ['bug', 'refused'])
    if (steps.some((step) => step.nature === nature && step.taken > 0)) return nature;
  return steps.some((step) => step.taken > 0) ? 'taken' : 'idle';
}

function labels(steps: readonly Step[], x: number, bottom: number): Markup {
  return html`${steps.map(
    (step, index) =>
      html`<text class="${attribute(styleOf([step]))}${step.nature === 'bug' ? ' wrong' : ''}" x="${x}" y="${bottom - (steps.length - 1 - index) * LINE}">${wordsOf(step)}</text>`,
  )}`;
}

/** An arrow head at a place, pointing right (1), left (-1), up (-2) or down (2). */
function head(x: number, y: number, direction: number): Markup {
  const points: Readonly<Record<string, string>> = {
    '1': `${x},${y} ${x - 8},${y - 4} ${x - 8},${y + 4}`,
    '-1': `${x},${y} ${x + 8},${y - 4} ${x + 8},${y + 4}`,
    '2': `${x},${y} ${x - 4},${y - 8} ${x + 4},${y - 8}`,
    '-2': `${x},${y} ${x - 4},${y + 8} ${x + 4},${y + 8}`,
  };
  return html`<polygon points="${points[String(direction)]}"/>`;
}

function byEdge(steps: readonly Step[]): Edge[] {
  const edges = new Map<string, Step[]>();
  for (const step of steps) {
    const key = `${step.from_state} ${step.to_state}`;
    edges.set(key, [...(edges.get(key) ?? []), step]);
  }
  return [...edges.values()].map((own) => ({ from: own[0].from_state, to: own[0].to_state, steps: own }));
}

interface Layout {
  readonly places: Readonly<Record<string, number>>;
  readonly order: readonly string[];
  /** Middle of the boxes. */
  readonly y: number;
}

function edgeMarkup(edge: Edge, layout: Layout): Markup {
  const { places, order, y } = layout;
  const style = attribute(styleOf(edge.steps));
  const [a, b] = [places[edge.from], places[edge.to]];
  const distance = order.indexOf(edge.to) - order.indexOf(edge.from);
  const half = BOX.height / 2;
  if (distance === 0) {
    const top = y - half;
    const path = `M${a - 16},${top} C${a - 30},${top - 26} ${a + 30},${top - 26} ${a + 16},${top}`;
    return html`<g class="${style}"><path d="${path}"/>${head(a + 16, top, 2)}${labels(edge.steps, a, top - 26)}</g>
`;
  }
  const side = BOX.width / 2;
  if (distance === 1) {
    const line = y - 6;
    return html`<g class="${style}"><path d="M${a + side},${line} H${b - side}"/>${head(b - side, line, 1)}${labels(edge.steps, (a + b) / 2, line - 6)}</g>
`;
  }
  if (distance === -1) {
    const line = y + 6;
    return html`<g class="${style}"><path d="M${a - side},${line} H${b + side}"/>${head(b + side, line, -1)}${labels(edge.steps, (a + b) / 2, line + 8 + edge.steps.length * LINE - 3)}</g>
`;
  }
  if (distance > 0) {
    // Over the states between, clear of the labels above them.
    const line = y - 12;
    const [from, to] = [a + side + 22, b - side - 22];
    const level = y - half - 112;
    const path = `M${a + side},${line} H${from} V${level} H${to} V${line} H${b - side}`;
    return html`<g class="${style}"><path d="${path}"/>${head(b - side, line, 1)}${labels(edge.steps, (from + to) / 2, level - 6)}</g>
`;
  }
  // Back, under the states between.
  const [from, to] = distance === -2 ? [a - 22, b] : [a, b + 22];
  const level = y + half + 30 + 28 * (-distance - 1);
  const path = `M${from},${y + half} V${level} H${to} V${y + half}`;
  return html`<g class="${style}"><path d="${path}"/>${head(to, y + half, -2)}${labels(edge.steps, (from + to) / 2, level + 14)}</g>
`;
}

function inWords(steps: readonly Step[]): Markup[] {
  return steps.map(
    (step, index) =>
      html`${index > 0 ? ', ' : ''}<code>${step.event}</code> while ${step.from_state} (${thousands(step.taken)} ${step.taken === 1 ? 'time' : 'times'})`,
  );
}

/** The steps a recording took that the kernel refused, or that are bugs of a caller, in words. */
function offending(steps: readonly Step[]): Markup {
  const [bugs, refused] = ['bug', 'refused'].map((nature) =>
    steps.filter((step) => step.nature === nature && step.taken > 0),
  );
  return html`${
    bugs.length === 0
      ? null
      : html`<p>Taken although a correct caller never does: ${inWords(bugs)}.</p>
`
  }${
    refused.length === 0
      ? null
      : html`<p>Refused by the kernel: ${inWords(refused)}.</p>
`
  }`;
}

/** The reference machine of one kind of function, with what the recording took of it; null when it took nothing. */
export async function machineBlock(block: Block, context: PageContext): Promise<Markup | null> {
  const kind = textOption(block, 'kind') === 'vf' ? 'vf' : 'pf';
  const all = await context.db.named<Step>('machine-coverage');
  const steps = all.filter((step) => step.kind === kind);
  if (!steps.some((step) => step.taken > 0)) return null;
  const places = PLACES[kind];
  const layout = { places, order: Object.keys(places), y: 168 };
  const known = steps.filter((step) => step.from_state in places && step.to_state in places);
  const who = kind === 'vf' ? 'a VF' : 'a PF or plain function';
  const taken = steps.filter((step) => step.taken > 0).length;
  const title = `The reference machine of ${who}: ${taken} of ${steps.length} steps taken`;
  const height = 290;
  // What was taken is drawn over what was not.
  const edges = byEdge(known).sort(
    (a, b) => Number(styleOf(a.steps) !== 'idle') - Number(styleOf(b.steps) !== 'idle'),
  );
  return html`<figure><div class="scroll" tabindex="0" role="group" aria-label="${attribute(title)}"><svg xmlns="http://www.w3.org/2000/svg" class="chart machine" role="img" aria-label="${attribute(`${title}; the table of steps is in findings.json and in the query machine-coverage.`)}" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">
${edges.map((edge) => edgeMarkup(edge, layout))}${layout.order.map(
  (
    state,
  ) => html`<g class="state"><rect x="${places[state] - BOX.width / 2}" y="${layout.y - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="4"/><text x="${places[state]}" y="${layout.y}" dy="0.34em">${state}</text></g>
`,
)}</svg></div>
<figcaption>${title}; &#215; is how often. Dim steps were not taken; those in italics are bugs of a caller (red where taken); what the kernel refused is amber.</figcaption>
</figure>
${offending(steps)}`;
}
