import type { Engine } from '../../queries/engine.ts';
import { guardStatement } from '../../queries/guard.ts';
import { QueryError } from '../../queries/query-error.ts';
import { compileChart } from '../html/svg.ts';
import { briefly, fallbacksOf, lineOf, parametersOf } from './answers.ts';
import { chartSpec, columnOfField, readChart } from './chart.ts';
import { compose, QueryReferenceError, queryNames, sqlOf } from './compose.ts';
import {
  type ColumnReference,
  DefinitionError,
  NAME,
  type Node,
  type Problem,
  type ReportDefinition,
  type Tag,
} from './definition.ts';
import { nearest } from './nearest.ts';
import { Prose, type ProseValue, valuesIn } from './prose.ts';
import { hasRowOrder } from './row-order.ts';
import { columnReference } from './tag.ts';
import { TAG_BY_NAME, TAGS, VALUE_FORMATS } from './tags.ts';

/** A query as the engine understood it. */
interface Bound {
  readonly columns: readonly string[];
  /** Parameters without a value of their own. */
  readonly open: readonly string[];
}

/** Columns of the rows of the `each`es around a node, by name. */
type Scope = ReadonlyMap<string, readonly string[]>;

class Validator {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  /** Queries whose rows stand on the page as they come, each with its first use. */
  private readonly shown = new Map<string, { readonly by: string; readonly line: number }>();
  private readonly bound = new Map<string, Promise<Bound | null>>();
  private readonly names: readonly string[];
  private readonly definition: ReportDefinition;
  private readonly engine: Engine;

  constructor(engine: Engine, definition: ReportDefinition) {
    this.engine = engine;
    this.definition = definition;
    this.names = queryNames(definition);
  }

  async run(): Promise<void> {
    for (const name of this.definition.queries.keys()) await this.bind(name);
    for (const value of valuesIn(this.definition.title))
      await this.value(value, this.definition.titleLine, new Map());
    await this.nodes(this.definition.nodes, new Map());
    await this.orders();
  }

  /** Warns of rows that may come in another order each time. */
  private async orders(): Promise<void> {
    for (const [name, { by, line }] of this.shown) {
      const query = this.definition.queries.get(name);
      if (!query || (await this.bind(name)) === null) continue;
      const { text } = guardStatement(compose(this.definition, name).sql);
      if (await hasRowOrder(this.engine.connection, text)) continue;
      this.warnings.push({
        line: query.line,
        message: `query ${name}: without ORDER BY its rows come in any order, and ${by} on line ${line} shows them as they come`,
      });
    }
  }

  private shows(name: string, by: string, line: number): void {
    if (!this.shown.has(name)) this.shown.set(name, { by, line });
  }

  private problem(line: number, message: string): void {
    if (!this.problems.some((known) => known.line === line && known.message === message))
      this.problems.push({ line, message });
  }

  /** Binds a query against the schema; null when that fails, which is a problem once. */
  private bind(name: string): Promise<Bound | null> {
    let bound = this.bound.get(name);
    if (!bound) {
      bound = this.prepare(name);
      this.bound.set(name, bound);
    }
    return bound;
  }

  private async prepare(name: string): Promise<Bound | null> {
    const first = this.definition.queries.get(name)?.line ?? 1;
    let linesBefore = 0;
    try {
      const composed = compose(this.definition, name);
      linesBefore = composed.linesBefore;
      const { text } = guardStatement(composed.sql);
      const prepared = await this.engine.connection.prepare(text);
      const columns = Array.from({ length: prepared.columnCount }, (_, index) => prepared.columnName(index));
      prepared.destroySync();
      const fallbacks = fallbacksOf(this.definition, name);
      const open = parametersOf(text).filter(
        (parameter) => !this.definition.parameters.has(parameter) && !fallbacks.has(parameter),
      );
      return { columns, open };
    } catch (error) {
      if (error instanceof QueryReferenceError) {
        const line = this.definition.queries.get(error.query)?.line ?? first;
        this.problem(line, `query ${error.query}: ${error.message}`);
        return null;
      }
      const { message } = error as Error;
      const hint = /schema with name ftrace|Table with name "?ftrace/i.test(message)
        ? ' Tables of trace events depend on the recording: give one to validate against, or ask trace_events.'
        : '';
      const line = error instanceof QueryError ? first : lineOf(message, first, linesBefore);
      this.problem(line, `query ${name}: ${briefly(message)}${hint}`);
      return null;
    }
  }

  private async nodes(nodes: readonly Node[], scope: Scope): Promise<void> {
    for (const node of nodes) await this.node(node, scope);
  }

  private async node(node: Node, scope: Scope): Promise<void> {
    switch (node.kind) {
      case 'prose': {
        const prose = new Prose(node.text);
        for (const { line, message } of prose.mistakes()) this.problem(node.line + line, message);
        for (const { value, line } of prose.values()) await this.value(value, node.line + line, scope);
        return;
      }
      case 'chart':
        return this.chart(node, scope);
      case 'block':
        return this.tag(node.tag, scope);
      case 'if':
        await this.tag(node.tag, scope);
        await this.nodes(node.body, scope);
        return this.nodes(node.otherwise, scope);
      case 'details':
        await this.tag(node.tag, scope);
        return this.nodes(node.body, scope);
      case 'each': {
        await this.tag(node.tag, scope);
        const [query, , name] = node.tag.words;
        const known = query === undefined || !this.isQuery(query) ? null : await this.bind(query);
        return this.nodes(node.body, new Map([...scope, [name ?? '', known?.columns ?? ANY]]));
      }
    }
  }

  private isQuery(name: string): boolean {
    return sqlOf(this.definition, name) !== null;
  }

  /** A query that something names: it must exist, and every parameter must have a value. */
  private async query(name: string, given: readonly string[], line: number): Promise<Bound | null> {
    if (!this.isQuery(name)) {
      this.problem(line, `there is no query ${name}${nearest(name, this.names)}`);
      return null;
    }
    const bound = await this.bind(name);
    if (!bound) return null;
    const all = parametersOf(compose(this.definition, name).sql);
    for (const parameter of bound.open)
      if (!given.includes(parameter))
        this.problem(
          line,
          `the query ${name} needs a value for its parameter $${parameter}: ${parameter}=...`,
        );
    for (const parameter of given)
      if (!all.includes(parameter)) {
        const known = all.length > 0 ? `it has ${all.map((one) => `$${one}`).join(', ')}` : 'it has none';
        this.problem(line, `the query ${name} has no parameter $${parameter}; ${known}`);
      }
    return bound;
  }

  private async value(value: ProseValue, line: number, scope: Scope): Promise<void> {
    await this.column(value, line, scope);
    if (value.format !== undefined && !Object.hasOwn(VALUE_FORMATS, value.format)) {
      const known = Object.keys(VALUE_FORMATS);
      this.problem(
        line,
        `there is no format ${value.format}${nearest(value.format, known)}; there are ${known.join(', ')}`,
      );
    }
  }

  private async column({ name, column }: ColumnReference, line: number, scope: Scope): Promise<void> {
    const row = scope.get(name);
    if (!row && !this.isQuery(name)) {
      this.problem(line, `there is no query ${name}${nearest(name, [...scope.keys(), ...this.names])}`);
      return;
    }
    const columns = row ?? (await this.query(name, [], line))?.columns;
    if (!row) this.shows(name, `the value ${name}.${column}`, line);
    if (columns && columns !== ANY && !columns.includes(column))
      this.problem(
        line,
        `${name} has no column ${column}${nearest(column, columns)}; it has ${columns.join(', ')}`,
      );
  }

  private async tag(tag: Tag, scope: Scope): Promise<void> {
    const spec = TAG_BY_NAME.get(tag.name);
    if (!spec) {
      const known = TAGS.map((one) => one.name);
      this.problem(
        tag.line,
        `there is no tag ${tag.name}${nearest(tag.name, known)}; there are ${known.join(', ')}`,
      );
      return;
    }
    for (const [name, value] of tag.options) {
      if (value.kind === 'column') await this.column(value, tag.line, scope);
      const type = (Object.hasOwn(spec.options, name) ? spec.options[name] : null)?.type;
      if (type === undefined || type === 'any' || value.kind === 'column') continue;
      const wanted = type === 'columns' ? 'text' : type;
      if (value.kind !== wanted)
        this.problem(tag.line, `the option ${name} of the tag ${tag.name} is a ${wanted}`);
    }
    const others = [...tag.options.keys()].filter((name) => !Object.hasOwn(spec.options, name));
    const query = await this.subject(tag, spec.subject, others, scope);
    if (query === undefined)
      for (const name of others) {
        const known = Object.keys(spec.options);
        const list = known.length > 0 ? `it has ${known.join(', ')}` : 'it has none';
        this.problem(tag.line, `the tag ${tag.name} has no option ${name}${nearest(name, known)}; ${list}`);
      }
    if (query) this.columnOptions(tag, query.columns);
  }

  /** The query that a tag is about; undefined when it is about none, null when there was a problem. */
  private async subject(
    { name, line, words }: Tag,
    subject: string,
    given: readonly string[],
    scope: Scope,
  ): Promise<Bound | null | undefined> {
    const wrong = (expected: string) => {
      this.problem(line, `expected {% ${name} ${expected} %}, found "${words.join(' ')}"`);
      return null;
    };
    switch (subject) {
      case 'none':
        if (words.length > 0) return wrong('option=value');
        return undefined;
      case 'query?':
        if (words.length === 0) return undefined;
        return words.length === 1 ? this.query(words[0], given, line) : wrong('QUERY');
      case 'query':
        // Findings have an order of their own.
        if (name === 'table') this.shows(words[0], `the tag ${name}`, line);
        return words.length === 1 ? this.query(words[0], given, line) : wrong('QUERY');
      case 'rows': {
        const [query, as, row] = words;
        if (words.length !== 3 || as !== 'as' || !NAME.test(row)) return wrong('QUERY as NAME');
        this.shows(query, `the tag ${name}`, line);
        return this.query(query, given, line);
      }
      case 'column': {
        const reference = words.length === 1 ? columnReference(words[0]) : null;
        if (!reference) return wrong('QUERY.COLUMN');
        await this.column(reference, line, scope);
        return undefined;
      }
      default: {
        const rest = words[0] === 'not' ? words.slice(1) : words;
        if (rest.length !== 1) return wrong('QUERY, QUERY.COLUMN, or not and one of them,');
        const reference = columnReference(rest[0]);
        if (!reference) return this.query(rest[0], given, line);
        await this.column(reference, line, scope);
        return undefined;
      }
    }
  }

  /** Options that list columns of the query. */
  private columnOptions(tag: Tag, columns: readonly string[]): void {
    if (tag.name === 'findings' && !columns.includes('finding'))
      this.problem(
        tag.line,
        `the query of the tag findings needs a column finding; it has ${columns.join(', ')}`,
      );
    const spec = TAG_BY_NAME.get(tag.name)?.options ?? {};
    for (const [option, value] of tag.options) {
      if (spec[option]?.type !== 'columns' || value.kind !== 'text') continue;
      const named = value.text.split(/[,=]/).map((part) => part.trim());
      for (const column of named)
        if (column !== '' && !columns.includes(column))
          this.problem(
            tag.line,
            `${option}="${value.text}": the query has no column ${column}${nearest(column, columns)}; it has ${columns.join(', ')}`,
          );
    }
  }

  private async chart({ line, text }: Node & { kind: 'chart' }, scope: Scope): Promise<void> {
    const chart = readChart(text);
    for (const problem of chart.problems) this.problem(line + problem.line, `chart: ${problem.message}`);
    const columns: string[] = [];
    let complete = chart.problems.length === 0;
    for (const query of chart.queries) {
      const at = line + query.line;
      for (const value of query.parameters.values()) {
        if (value.kind === 'column') await this.column(value, at, scope);
      }
      this.shows(query.name, 'the chart', at);
      const bound = await this.query(query.name, [...query.parameters.keys()], at);
      if (bound) columns.push(...bound.columns);
      else complete = false;
    }
    if (!complete) return;
    for (const { name, line: at } of chart.fields) {
      const column = columnOfField(name);
      if (
        columns.includes(column) ||
        chart.made.has(column) ||
        chart.made.has(name) ||
        column.startsWith('__')
      )
        continue;
      this.problem(
        line + at,
        `chart: its queries have no column ${column}${nearest(column, columns)}; they have ${columns.join(', ')}`,
      );
    }
    try {
      const { warnings } = await compileChart(chartSpec(chart, () => ({ values: [] })));
      for (const warning of warnings) this.problem(line, `chart: ${warning}`);
    } catch (error) {
      this.problem(line, `chart: ${(error as Error).message}`);
    }
  }
}

/** Stands for the columns of a row whose query could not be bound: that is a problem already. */
const ANY: readonly string[] = [];

/**
 * Binds every query, value, tag and chart of a definition against the tables of a database. What is returned are warnings:
 * the page can be made, but may differ from one time to the next.
 * @throws DefinitionError with every mistake and its line.
 */
export async function validateDefinition(
  engine: Engine,
  definition: ReportDefinition,
): Promise<readonly Problem[]> {
  const validator = new Validator(engine, definition);
  await validator.run();
  if (validator.problems.length > 0) throw new DefinitionError(definition.path, validator.problems);
  return [...validator.warnings].sort((a, b) => a.line - b.line);
}
