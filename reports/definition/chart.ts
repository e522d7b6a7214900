import type { TopLevelSpec } from 'vega-lite';
import { isMap, isScalar, LineCounter, parseDocument, type Scalar, visit, type Node as YamlNode } from 'yaml';
import { NAME, type OptionValue } from './definition.ts';
import { nearest } from './nearest.ts';
import { columnReference } from './tag.ts';

/** A query that a chart draws, with what it gives to its parameters. */
export interface ChartQuery {
  readonly name: string;
  /** What its parameters get. */
  readonly parameters: ReadonlyMap<string, OptionValue>;
  readonly line: number;
}

/** A field that an encoding or transform names. */
interface FieldUse {
  readonly name: string;
  readonly line: number;
}

/** A chart as its block defines it. */
export interface ChartDefinition {
  readonly spec: Record<string, unknown>;
  readonly queries: readonly ChartQuery[];
  readonly fields: readonly FieldUse[];
  /** Names that its transforms make. */
  readonly made: ReadonlySet<string>;
  /** What is wrong, with the line of the block, from 0. */
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

/** What would load something, link somewhere, or run: a report does none of it. */
const REFUSED: Readonly<Record<string, string>> = {
  url: 'a chart draws queries, it loads nothing: data is {query: name}',
  href: 'a chart has no links',
  values: 'data is {query: name}: values come from SQL',
  sequence: 'data is {query: name}',
  sphere: 'data is {query: name}',
  graticule: 'data is {query: name}',
  datasets: 'data is {query: name}',
  usermeta: 'usermeta is for other programs',
};

/** Keys under `data` that are refused; elsewhere they mean something else. */
const ONLY_IN_DATA = new Set(['values', 'sequence', 'sphere', 'graticule']);

/** The marks of vega-lite; images would load something. */
const MARKS = [
  ...['arc', 'area', 'bar', 'boxplot', 'circle', 'errorband', 'errorbar', 'line', 'point', 'rect', 'rule'],
  ...['square', 'text', 'tick', 'trail'],
];

/** What a value under `data` gives to a parameter: `name.column` without quotes is that column, else it is text. */
function parameterOf(scalar: Scalar | null): OptionValue | null {
  const value = scalar?.value;
  if (typeof value === 'number') return { kind: 'number', number: value };
  if (typeof value === 'boolean') return { kind: 'flag', flag: value };
  if (typeof value !== 'string') return null;
  const reference = scalar?.type === 'PLAIN' ? columnReference(value) : null;
  return reference ? { kind: 'column', ...reference } : { kind: 'text', text: value };
}

class Reader {
  readonly queries: ChartQuery[] = [];
  readonly fields: FieldUse[] = [];
  readonly made = new Set<string>();
  readonly problems: { line: number; message: string }[] = [];
  private readonly counter = new LineCounter();

  read(text: string): Record<string, unknown> {
    const document = parseDocument(text, { lineCounter: this.counter });
    for (const { pos, message } of document.errors)
      this.problems.push({ line: this.counter.linePos(pos[0]).line - 1, message: message.split('\n')[0] });
    if (document.errors.length > 0) return {};
    if (!isMap(document.contents)) {
      this.problem(document.contents, 'expected a vega-lite chart: data, mark, encoding');
      return {};
    }
    visit(document, {
      Pair: (_, pair) => {
        if (isScalar(pair.key)) this.pair(String(pair.key.value), pair.key, pair.value as YamlNode | null);
      },
      Alias: (_, alias) => this.problem(alias, 'aliases are not read in a chart: write the value out'),
    });
    if (this.queries.length === 0) this.problem(document.contents, 'the chart has no data: {query: name}');
    return this.problems.length > 0 ? {} : (document.toJS() as Record<string, unknown>);
  }

  private problem(node: YamlNode | null, message: string): void {
    const line = node?.range ? this.counter.linePos(node.range[0]).line - 1 : 0;
    this.problems.push({ line, message });
  }

  private pair(key: string, at: YamlNode, value: YamlNode | null): void {
    if (key === 'data' && isMap(value)) this.data(at, value);
    else if (Object.hasOwn(REFUSED, key) && !ONLY_IN_DATA.has(key)) this.problem(at, REFUSED[key]);
    else if (key === 'mark') this.mark(value);
    else if (key === 'field' && isScalar(value) && typeof value.value === 'string')
      this.fields.push({ name: value.value, line: this.counter.linePos(value.range?.[0] ?? 0).line - 1 });
    else if (key === 'as') this.makes(value);
  }

  private mark(value: YamlNode | null): void {
    const type = isMap(value) ? value.get('type', true) : value;
    const name = isScalar(type) ? String(type.value) : '';
    if (!MARKS.includes(name))
      this.problem(value, `there is no mark ${name}${nearest(name, MARKS)}; there are ${MARKS.join(', ')}`);
  }

  private makes(value: YamlNode | null): void {
    const names = value && 'items' in value ? value.items : [value];
    for (const name of names) if (isScalar(name)) this.made.add(String(name.value));
  }

  private data(at: YamlNode, value: YamlNode & { items: { key: unknown; value: unknown }[] }): void {
    const pairs = value.items.map((item) => [
      isScalar(item.key) ? String(item.key.value) : '',
      isScalar(item.value) ? item.value : null,
    ]) as [string, Scalar | null][];
    const name = pairs.find(([key]) => key === 'query')?.[1]?.value;
    const refused = pairs.find(([key]) => Object.hasOwn(REFUSED, key));
    if (refused) this.problem(at, REFUSED[refused[0]]);
    else if (typeof name !== 'string' || !NAME.test(name)) this.problem(at, 'data is {query: name}');
    else {
      const parameters = new Map<string, OptionValue>();
      for (const [key, given] of pairs) {
        if (key === 'query') continue;
        const parameter = parameterOf(given);
        if (parameter) parameters.set(key, parameter);
        else this.problem(at, `the parameter ${key} of the query needs a plain value`);
      }
      const line = at.range ? this.counter.linePos(at.range[0]).line - 1 : 0;
      this.queries.push({ name, parameters, line });
    }
  }
}

/** Reads a chart; mistakes are in `problems`. */
export function readChart(text: string): ChartDefinition {
  const reader = new Reader();
  const spec = reader.read(text);
  const { queries, fields, made, problems } = reader;
  return { spec, queries, fields, made, problems };
}

/** How charts look unless they say otherwise: the colours are variables of the page. */
const CONFIG = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: 'transparent', continuousWidth: 720, discreteWidth: 720, continuousHeight: 200 },
  axis: {
    labelColor: 'var(--text-dim)',
    titleColor: 'var(--text-dim)',
    titleFontWeight: 'normal',
    labelFontSize: 11,
    titleFontSize: 11,
    gridColor: 'var(--line)',
    domainColor: 'var(--line)',
    tickColor: 'var(--line)',
    labelLimit: 260,
  },
  legend: { labelColor: 'var(--text)', titleColor: 'var(--text-dim)', labelFontSize: 11, titleFontSize: 11 },
  header: { labelColor: 'var(--text)', titleColor: 'var(--text-dim)' },
  title: { color: 'var(--text)', anchor: 'start', fontSize: 12 },
  text: { fill: 'var(--text)' },
  mark: { color: 'var(--state-stu)' },
  rule: { stroke: 'var(--text-dim)' },
  range: {
    category: [
      'var(--state-stu)',
      'var(--state-on)',
      'var(--warning)',
      'var(--state-mixed)',
      'var(--error)',
      'var(--state-off)',
    ],
  },
};

/** What stands for the data of a query while a chart is compiled. */
export type DataOf = (query: ChartQuery) => unknown;

function withData(value: unknown, queries: Iterator<ChartQuery>, dataOf: DataOf): unknown {
  if (Array.isArray(value)) return value.map((item) => withData(item, queries, dataOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isData = key === 'data' && typeof inner === 'object' && inner !== null && 'query' in inner;
      if (!isData) return [key, withData(inner, queries, dataOf)];
      return [key, dataOf(queries.next().value as ChartQuery)];
    }),
  );
}

/** The chart as vega-lite reads it, with the data of its queries. */
export function chartSpec(chart: ChartDefinition, dataOf: DataOf): TopLevelSpec {
  const spec = withData(chart.spec, chart.queries[Symbol.iterator](), dataOf) as Record<string, unknown>;
  const own = typeof spec.config === 'object' ? spec.config : {};
  return { ...spec, config: { ...CONFIG, ...own } } as unknown as TopLevelSpec;
}

/** The column that a field of a chart means: `a.b` and `a[0]` reach into it. */
export function columnOfField(field: string): string {
  return field.replace(/\\(.)/g, '$1').split(/[.[]/)[0];
}
