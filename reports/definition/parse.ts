import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import {
  DefinitionError,
  NAME,
  type Node,
  type Problem,
  type QueryDefinition,
  type ReportDefinition,
  type Tag,
} from './definition.ts';
import { parseTag } from './tag.ts';

/** A tag that encloses others, while its end is not yet found. */
interface Open {
  readonly tag: Tag;
  readonly nodes: Node[];
  /** The part before `else`. */
  before: Node[] | null;
}

const ENCLOSING = new Set(['if', 'each', 'details']);
const FENCE = /^( {0,3})(`{3,}|~{3,})[ \t]*([^\n]*)$/;
const FRONT_MATTER_KEYS = ['title', 'doc', 'parameters'];

type Parameter = string | number | boolean | null;

interface FrontMatter {
  readonly title: string;
  readonly titleLine: number;
  readonly doc: string | null;
  readonly parameters: Map<string, Parameter>;
  /** Index of the first line behind it. */
  readonly end: number;
}

function frontMatterOf(lines: readonly string[], problems: Problem[]): FrontMatter {
  const none = {
    title: '',
    titleLine: 1,
    doc: null as string | null,
    parameters: new Map<string, Parameter>(),
    end: 0,
  };
  const close =
    lines[0]?.trim() === '---' ? lines.findIndex((line, i) => i > 0 && line.trim() === '---') : -1;
  if (close < 0) {
    problems.push({
      line: 1,
      message: 'expected front matter: "---", "title: ...", "---" on the first lines',
    });
    return none;
  }
  const counter = new LineCounter();
  const document = parseDocument(lines.slice(1, close).join('\n'), { lineCounter: counter });
  const lineAt = (offset = 0) => counter.linePos(offset).line + 1;
  for (const { pos, message } of document.errors)
    problems.push({ line: lineAt(pos[0]), message: `front matter: ${message.split('\n')[0]}` });
  const result = { ...none, end: close + 1 };
  if (document.errors.length > 0) return result;
  if (!isMap(document.contents)) {
    problems.push({ line: 1, message: 'front matter: expected "title: ..."' });
    return result;
  }
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const line = lineAt(isScalar(key) ? key.range?.[0] : 0);
    if (name === 'parameters' && isMap(value)) {
      for (const item of value.items) {
        const parameter = isScalar(item.key) ? String(item.key.value) : '';
        const given = isScalar(item.value) ? item.value.value : undefined;
        const fits = given === null || ['string', 'number', 'boolean'].includes(typeof given);
        if (!NAME.test(parameter) || !fits)
          problems.push({
            line,
            message: `front matter: parameter "${parameter}" needs a name and a plain value`,
          });
        else result.parameters.set(parameter, given as Parameter);
      }
    } else if ((name === 'title' || name === 'doc') && isScalar(value) && typeof value.value === 'string') {
      result[name] = value.value;
      if (name === 'title') result.titleLine = line;
    } else {
      const known = FRONT_MATTER_KEYS.includes(name);
      problems.push({
        line,
        message: known
          ? `front matter: ${name} has not the form it should have: title and doc are texts, parameters are "name: value" lines`
          : `front matter: unknown key "${name}"; there are ${FRONT_MATTER_KEYS.join(', ')}`,
      });
    }
  }
  if (result.title === '') problems.push({ line: 1, message: 'front matter: a title is missing' });
  return result;
}

/** Reads the lines behind the front matter into nodes and queries. */
class BodyParser {
  readonly nodes: Node[] = [];
  readonly queries = new Map<string, QueryDefinition>();
  private readonly open: Open[] = [];
  private prose: string[] = [];
  private proseLine = 0;
  private readonly lines: readonly string[];
  private readonly problems: Problem[];

  constructor(lines: readonly string[], problems: Problem[]) {
    this.lines = lines;
    this.problems = problems;
  }

  parse(from: number): void {
    for (let at = from; at < this.lines.length; ) {
      const fence = FENCE.exec(this.lines[at]);
      if (fence) at = this.fence(at, fence);
      else if (/^ {0,3}\{%/.test(this.lines[at])) at = this.tag(at);
      else this.addProse(at, at++);
    }
    this.endProse();
    for (const { tag } of this.open) this.problem(tag.line, `{% ${tag.name} %} has no {% /${tag.name} %}`);
  }

  private problem(line: number, message: string): void {
    this.problems.push({ line, message });
  }

  private current(): Node[] {
    return this.open.at(-1)?.nodes ?? this.nodes;
  }

  private addProse(first: number, last: number): void {
    if (this.prose.length === 0) this.proseLine = first + 1;
    this.prose.push(...this.lines.slice(first, last + 1));
  }

  private endProse(): void {
    const text = this.prose.join('\n');
    if (text.trim() !== '') this.current().push({ kind: 'prose', line: this.proseLine, text });
    this.prose = [];
  }

  /** A fenced block: a query, a chart, or a piece of the prose. Returns the index of the line behind it. */
  private fence(at: number, [, indent, mark, info]: RegExpExecArray): number {
    const closing = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`);
    const found = this.lines.findIndex((line, i) => i > at && closing.test(line));
    const end = found < 0 ? this.lines.length : found;
    const [language, ...rest] = info.trim().split(/\s+/);
    const what = rest.join(' ');
    if (language !== 'vega-lite' && (language !== 'sql' || what === '')) {
      this.addProse(at, Math.min(end, this.lines.length - 1));
      return end + 1;
    }
    if (found < 0) this.problem(at + 1, `the fence of ${language} is not closed`);
    const text = this.lines
      .slice(at + 1, end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n');
    if (language === 'sql') this.query(what, text, at + 2);
    else {
      this.endProse();
      this.current().push({ kind: 'chart', line: at + 2, title: what, text });
    }
    return end + 1;
  }

  private query(name: string, sql: string, line: number): void {
    if (!NAME.test(name)) {
      this.problem(line - 1, `"${name}" is no name for a query: letters, digits, _ and -, e.g. failed_calls`);
      return;
    }
    const before = this.queries.get(name);
    if (before) this.problem(line - 1, `there is a query ${name} already, on line ${before.line - 1}`);
    else this.queries.set(name, { name, sql, line });
  }

  /** A tag, which may go over several lines. Returns the index of the line behind it. */
  private tag(at: number): number {
    let end = at;
    while (end < this.lines.length && !/%\}\s*$/.test(this.lines[end])) end++;
    if (end === this.lines.length) {
      this.problem(at + 1, 'the tag is not closed with %} at the end of a line');
      return at + 1;
    }
    this.endProse();
    const text = this.lines
      .slice(at, end + 1)
      .join('\n')
      .trim();
    if (text.indexOf('%}') !== text.length - 2) {
      this.problem(at + 1, 'one tag a line, and nothing behind it');
      return end + 1;
    }
    try {
      this.take(parseTag(text.slice(2, -2), at + 1));
    } catch (error) {
      this.problem(at + 1, (error as Error).message);
    }
    return end + 1;
  }

  private take(tag: Tag): void {
    if (tag.name.startsWith('/')) this.close(tag);
    else if (tag.name === 'else') this.otherwise(tag);
    else if (ENCLOSING.has(tag.name)) this.open.push({ tag, nodes: [], before: null });
    else this.current().push({ kind: 'block', tag });
  }

  private otherwise(tag: Tag): void {
    const open = this.open.at(-1);
    if (open?.tag.name !== 'if' || open.before !== null) {
      this.problem(tag.line, '{% else %} belongs into an {% if %}, once');
      return;
    }
    open.before = [...open.nodes];
    open.nodes.length = 0;
  }

  private close(end: Tag): void {
    const open = this.open.pop();
    const name = end.name.slice(1);
    if (!open || open.tag.name !== name) {
      const inside = open ? `; {% ${open.tag.name} %} of line ${open.tag.line} is still open` : '';
      this.problem(end.line, `{% /${name} %} ends nothing${inside}`);
      if (open) this.open.push(open);
      return;
    }
    const { tag, nodes, before } = open;
    if (name === 'if')
      this.current().push({ kind: 'if', tag, body: before ?? nodes, otherwise: before ? nodes : [] });
    else this.current().push({ kind: name === 'each' ? 'each' : 'details', tag, body: nodes });
  }
}

/**
 * Reads a report definition: front matter, prose, queries, charts and tags.
 * @throws DefinitionError with every mistake of form. Names are bound later: see `validate.ts`.
 */
export function parseDefinition(path: string, text: string): ReportDefinition {
  const problems: Problem[] = [];
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const { end, ...head } = frontMatterOf(lines, problems);
  const body = new BodyParser(lines, problems);
  body.parse(end);
  if (problems.length > 0) throw new DefinitionError(path, problems);
  return { path, ...head, queries: body.queries, nodes: body.nodes };
}
