import type { DuckDBValue } from '@duckdb/node-api';
import { type Block, type BlockValue, numberOption, type PageContext, textOption } from './blocks/context.ts';
import { findingsBlock } from './blocks/findings.ts';
import { machineBlock } from './blocks/machine.ts';
import { matrixBlock } from './blocks/matrix.ts';
import { queriesBlock } from './blocks/queries.ts';
import { tableBlock, valueBlock } from './blocks/table.ts';
import { timelineBlock } from './blocks/timeline.ts';
import { verdictBlock } from './blocks/verdict.ts';
import type { Row } from './definition/answers.ts';
import { type ChartQuery, chartSpec, readChart } from './definition/chart.ts';
import type { ColumnReference, Node, OptionValue, Tag } from './definition/definition.ts';
import { Prose, type ProseValue } from './definition/prose.ts';
import { columnReference } from './definition/tag.ts';
import { TAG_BY_NAME } from './definition/tags.ts';
import { displayText, isSomething } from './definition/values.ts';
import { attribute, html, Markup } from './html/markup.ts';
import { renderSvg } from './html/svg.ts';
import { thousands } from './thousands.ts';
import { visible } from './visible.ts';

/** Rows of the `each`es around a node, by name. */
type Scope = ReadonlyMap<string, Row>;

/** Stands for the links to the headings until all headings are known. */
class ContentsPlaceholder extends Markup {
  readonly depth: number;
  readonly limit: number;
  constructor(depth: number, limit: number) {
    super('');
    this.depth = depth;
    this.limit = limit;
  }
}

/** Rows that a chart draws: more are no picture but a blot. */
const MAX_CHART_ROWS = 5000;

/** Makes a page of the nodes of a definition. */
export class Renderer {
  private readonly context: PageContext;
  private readonly prose = new Map<Node, Prose>();
  private charts = 0;

  constructor(context: PageContext) {
    this.context = context;
  }

  /** The page as one piece of markup. */
  async page(): Promise<Markup> {
    const parts = await this.nodes(this.context.definition.nodes, new Map());
    return html`${parts.map((part) => (part instanceof ContentsPlaceholder ? this.contents(part) : part))}`;
  }

  /** A value that text refers to. */
  async value(reference: ProseValue, scope: Scope = new Map()): Promise<string | null> {
    return displayText(await this.column(reference, scope), reference.format);
  }

  private async nodes(nodes: readonly Node[], scope: Scope): Promise<Markup[]> {
    const parts: Markup[] = [];
    for (const node of nodes) parts.push(...(await this.node(node, scope)));
    return parts;
  }

  private async node(node: Node, scope: Scope): Promise<Markup[]> {
    switch (node.kind) {
      case 'prose':
        return [await this.text(node, scope)];
      case 'chart':
        return [await this.chart(node, scope)];
      case 'block': {
        const part = await this.block(node.tag, scope);
        return part === null ? [] : [part];
      }
      case 'if':
        return this.nodes((await this.holds(node.tag, scope)) ? node.body : node.otherwise, scope);
      case 'each':
        return this.each(node, scope);
      case 'details': {
        const title = textOption(await this.resolve(node.tag, scope), 'title') ?? 'More';
        const inner = await this.nodes(node.body, scope);
        return [
          html`<details><summary>${title}</summary>
`,
          ...inner,
          html`</details>
`,
        ];
      }
    }
  }

  private async text(node: Node & { kind: 'prose' }, scope: Scope): Promise<Markup> {
    let prose = this.prose.get(node);
    if (!prose) {
      prose = new Prose(node.text);
      this.prose.set(node, prose);
    }
    const values = new Map<string, string | null>();
    const keyOf = ({ name, column, format }: ProseValue) => `${name}.${column}|${format ?? ''}`;
    for (const { value } of prose.values()) values.set(keyOf(value), await this.value(value, scope));
    return prose.render({
      value: (value) => values.get(keyOf(value)) ?? null,
      takeId: (wanted) => this.context.takeId(wanted),
      heading: (heading) => this.context.headings.push(heading),
    });
  }

  /** The value of `name.column`: of the row that an `each` is at, or of the first row of a query. */
  private async column({ name, column }: ColumnReference, scope: Scope): Promise<DuckDBValue> {
    const row = scope.get(name) ?? (await this.context.answers.of(name)).rows[0];
    return row?.[column] ?? null;
  }

  private async optionValue(value: OptionValue, scope: Scope): Promise<BlockValue> {
    switch (value.kind) {
      case 'text':
        return value.text;
      case 'number':
        return value.number;
      case 'flag':
        return value.flag;
      case 'column': {
        const found = await this.column(value, scope);
        const plain = found === null || ['string', 'number', 'boolean', 'bigint'].includes(typeof found);
        return plain ? (found as BlockValue) : String(found);
      }
    }
  }

  private async resolve(tag: Tag, scope: Scope): Promise<Block> {
    const known = TAG_BY_NAME.get(tag.name)?.options ?? {};
    const options = new Map<string, BlockValue>();
    const parameters: Record<string, DuckDBValue> = {};
    for (const [name, value] of tag.options) {
      const resolved = await this.optionValue(value, scope);
      if (Object.hasOwn(known, name)) options.set(name, resolved);
      else parameters[name] = resolved;
    }
    return { name: tag.name, line: tag.line, words: tag.words, options, parameters };
  }

  private async holds(tag: Tag, scope: Scope): Promise<boolean> {
    const negated = tag.words[0] === 'not';
    const subject = tag.words[negated ? 1 : 0];
    const reference = columnReference(subject);
    const { parameters } = await this.resolve(tag, scope);
    const something = reference
      ? isSomething(await this.column(reference, scope))
      : (await this.context.answers.of(subject, parameters)).total > 0;
    return something !== negated;
  }

  private async each(node: Node & { kind: 'each' }, scope: Scope): Promise<Markup[]> {
    const block = await this.resolve(node.tag, scope);
    const [query, , name] = block.words;
    const { rows, total } = await this.context.answers.of(query, block.parameters);
    const shown = rows.slice(0, numberOption(block, 'limit', 100));
    const parts: Markup[] = [];
    for (const row of shown) parts.push(...(await this.nodes(node.body, new Map([...scope, [name, row]]))));
    if (total > shown.length)
      parts.push(html`<p class="dim">Showing ${thousands(shown.length)} of ${thousands(total)}.</p>
`);
    return parts;
  }

  private async block(tag: Tag, scope: Scope): Promise<Markup | null> {
    const block = await this.resolve(tag, scope);
    switch (tag.name) {
      case 'table':
        return tableBlock(block, this.context);
      case 'value': {
        const reference = columnReference(tag.words[0]);
        return valueBlock(block, reference && (await this.value(reference, scope)));
      }
      case 'verdict':
        return verdictBlock(await this.context.story());
      case 'contents':
        return new ContentsPlaceholder(numberOption(block, 'depth', 2), numberOption(block, 'limit', 12));
      case 'findings':
        return findingsBlock(block, this.context);
      case 'timeline':
        return timelineBlock(block, this.context);
      case 'matrix':
        return matrixBlock(this.context);
      case 'machine':
        return machineBlock(block, this.context);
      case 'queries':
        return queriesBlock(this.context);
      default:
        throw new Error(`no tag ${tag.name}`);
    }
  }

  private async chart(node: Node & { kind: 'chart' }, scope: Scope): Promise<Markup> {
    const chart = readChart(node.text);
    const data = new Map<ChartQuery, Row[]>();
    let left = 0;
    let total = 0;
    for (const query of chart.queries) {
      const parameters: Record<string, DuckDBValue> = {};
      for (const [name, value] of query.parameters) {
        parameters[name] = await this.optionValue(value, scope);
      }
      const answer = await this.context.answers.of(query.name, parameters);
      const rows = answer.rows.slice(0, MAX_CHART_ROWS);
      data.set(query, rows);
      left += answer.total - rows.length;
      total += answer.total;
    }
    if (total === 0)
      return html`<p class="dim">${node.title === '' ? null : `${node.title}: `}nothing to draw.</p>
`;
    const spec = chartSpec(chart, (query) => ({ values: (data.get(query) ?? []).map(chartRow) }));
    const svg = await renderSvg(spec, {
      label: node.title || 'Chart',
      idPrefix: `chart-${++this.charts}`,
    });
    const drawn = thousands(total - left);
    const caption = [
      ...(node.title === '' ? [] : [node.title]),
      ...(left > 0 ? [`showing ${drawn} of ${thousands(total)} rows`] : []),
    ].join(', ');
    return html`<figure><div class="scroll" tabindex="0" role="group" aria-label="${attribute(node.title || 'Chart')}">${svg}</div>
${
  caption === ''
    ? null
    : html`<figcaption>${caption}</figcaption>
`
}</figure>
`;
  }

  private contents({ depth, limit }: ContentsPlaceholder): Markup {
    let below = 0;
    const shown = this.context.headings.filter(({ level }) => {
      if (level < 2 || level > depth) return false;
      return level === 2 || ++below <= limit;
    });
    return html`<nav class="contents" aria-label="Contents"><ul>
${shown.map(
  ({
    id,
    text,
    level,
  }) => html`<li${level > 2 ? html` class="below"` : null}><a href="#${attribute(id)}">${text}</a></li>
`,
)}</ul></nav>
`;
  }
}

/** A row for a chart: plain numbers, and texts that are visible. */
function chartRow(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'bigint') return [name, Number(value)];
      if (value === null || typeof value === 'number' || typeof value === 'boolean') return [name, value];
      return [name, visible(String(value))];
    }),
  );
}
