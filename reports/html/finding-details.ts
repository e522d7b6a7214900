import type { Database } from '../../queries/database.ts';
import { formatSeconds } from '../../tables/index.ts';
import { html, type Markup } from './markup.ts';

/** A row of the query `finding-states`. */
interface StateRow {
  readonly finding: number;
  readonly subject: 'function' | 'pf';
  readonly layer: string;
  readonly field: string;
  readonly before_value: number | null;
  readonly after_value: number | null;
}

/** A row of the query `finding-log`. */
interface LogRow {
  readonly finding: number;
  readonly source: number;
  readonly tied: boolean;
  readonly distance_ns: bigint;
  readonly time_ns: bigint;
  readonly line: number | null;
  readonly message: string;
}

/** A row of the query `what-if` about a finding. */
interface FateRow {
  readonly profile: string;
  readonly finding: number | null;
  readonly predicted: string;
  readonly why: string;
}

/** What stands around findings, by number of the finding. */
export interface FindingDetails {
  readonly states: ReadonlyMap<number, readonly StateRow[]>;
  readonly log: ReadonlyMap<number, readonly LogRow[]>;
  readonly fates: ReadonlyMap<number, FateRow>;
}

function byFinding<Row extends { readonly finding: number | null }>(
  rows: readonly Row[],
): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    if (row.finding === null) continue;
    const group = groups.get(row.finding);
    if (group) group.push(row);
    else groups.set(row.finding, [row]);
  }
  return groups;
}

/**
 * Asks for everything that stands around findings. What a kernel like the one that was judged would have done is nothing
 * to tell.
 */
export async function detailsOf(db: Database, profile: string | null): Promise<FindingDetails> {
  const same = (row: FateRow) => profile?.split(' ')[0] === row.profile;
  const fates = byFinding((await db.named<FateRow>('what-if')).filter((row) => !same(row)));
  return {
    states: byFinding(await db.named<StateRow>('finding-states')),
    log: byFinding(await db.named<LogRow>('finding-log')),
    fates: new Map([...fates].map(([finding, [row]]) => [finding, row])),
  };
}

const FIELDS: readonly (readonly [layer: string, field: string, label: string])[] = [
  ['hw', 'en', 'register: Enable'],
  ['hw', 'stu', 'register: STU field'],
  ['core', 'en', 'PCI core: ats_enabled'],
  ['core', 'stu', 'PCI core: page shift'],
  ['drv', 'en', 'IOMMU driver: believes'],
];

function valueText(layer: string, field: string, value: number | null): string {
  if (value === null) return '?';
  if (field === 'en') return value === 0 ? 'off' : 'on';
  if (layer === 'core' && value === 0) return 'not set';
  return String(value);
}

/**
 * What each layer of a function held before and after, with its PF beside it; what changed stands out. Null when nothing
 * of it is known.
 */
export function statesTable(rows: readonly StateRow[], own: string, pf: string | null): Markup | null {
  if (!rows.some((row) => row.before_value !== null || row.after_value !== null)) return null;
  const subjects = pf === null ? ['function'] : ['function', 'pf'];
  const cells = (subject: string, layer: string, field: string) => {
    // A VF keeps no page shift of its own: its 0 says nothing.
    const silent = subject === 'function' && pf !== null && layer === 'core' && field === 'stu';
    const row = rows.find((one) => one.subject === subject && one.layer === layer && one.field === field);
    if (silent) return html`<td class="dim" colspan="2">that of the PF</td>`;
    const before = valueText(layer, field, row?.before_value ?? null);
    const after = valueText(layer, field, row?.after_value ?? null);
    return html`<td>${before}</td><td>${before === after ? after : html`<strong>${after}</strong>`}</td>`;
  };
  const shown = FIELDS.filter(([layer, field]) =>
    rows.some((row) => row.layer === layer && row.field === field),
  );
  return html`<div class="scroll" tabindex="0" role="group" aria-label="The layers before and after"><table class="states">
<caption>The layers before and after; ? is not known</caption>
<thead><tr><td></td><th scope="colgroup" colspan="2">${own}</th>${pf === null ? null : html`<th scope="colgroup" colspan="2">${pf}</th>`}</tr>
<tr><td></td>${subjects.map(() => html`<th scope="col">before</th><th scope="col">after</th>`)}</tr></thead>
<tbody>
${shown.map(
  ([
    layer,
    field,
    label,
  ]) => html`<tr><th scope="row">${label}</th>${subjects.map((subject) => cells(subject, layer, field))}</tr>
`,
)}</tbody></table></div>
`;
}

function distanceText(ns: bigint): string {
  const [sign, size] = ns < 0n ? ['-', -ns] : ['+', ns];
  return `${sign}${(Number(size) / 1e6).toFixed(3)} ms`;
}

/** What the kernel log said around a finding, folded away; null when it said nothing. */
export function logDetails(rows: readonly LogRow[]): Markup | null {
  if (rows.length === 0) return null;
  const tied = rows.every((row) => row.tied);
  const caption = tied
    ? 'Distances are on the common timeline.'
    : 'No event ties the clock of the log to that of the finding: the times are compared as they stand, and the order is not certain.';
  return html`<details class="log"><summary>Kernel log around it (${rows.length === 1 ? '1 record' : `${rows.length} records`})</summary>
<div class="scroll" tabindex="0" role="group" aria-label="Kernel log"><table class="evidence">
<caption>${caption}</caption>
<thead><tr><th scope="col">distance</th><th scope="col">time</th><th scope="col">message</th></tr></thead>
<tbody>
${rows.map(
  (
    row,
  ) => html`<tr><td class="data number nowrap">${distanceText(row.distance_ns)}</td><td class="data nowrap">${formatSeconds(row.time_ns)}</td><td class="data record">${row.message}</td></tr>
`,
)}</tbody></table></div></details>
`;
}

const FATES: Readonly<Record<string, string>> = {
  prevented: 'this would not have come about',
  refused: 'the kernel refuses the call',
  loud: 'the kernel WARNs',
  same: 'the same happens',
};

/** What another kernel would have done: `prevented: ...`. */
export function fateText(row: FateRow): string {
  return `${FATES[row.predicted] ?? row.predicted}: ${row.why}`;
}
