import MarkdownIt, { type Token } from 'markdown-it';
import { anchorName } from '../html/anchors.ts';
import { attribute, html, type Markup, trusted } from '../html/markup.ts';
import type { ColumnReference } from './definition.ts';

/** A value that stands in prose. */
export interface ProseValue extends ColumnReference {
  readonly format?: string;
}

const VALUE = /\{\{\s*([A-Za-z_][\w-]*)\.([A-Za-z_][\w-]*)\s*(?:\|\s*([a-z]+)\s*)?\}\}/y;

export interface Heading {
  readonly level: number;
  readonly id: string;
  readonly text: string;
}

/** What rendering of prose needs from the page. */
export interface ProseContext {
  /** The text of a value; null where there is none. */
  value(value: ProseValue): string | null;
  /** Takes a free id that begins like this one. */
  takeId(wanted: string): string;
  heading(heading: Heading): void;
}

function parser(): MarkdownIt {
  const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
  markdown.validateLink = (url) => /^(#|https?:|mailto:)/i.test(url.trim());
  markdown.inline.ruler.before('escape', 'value', (state, silent) => {
    VALUE.lastIndex = state.pos;
    const match = VALUE.exec(state.src);
    if (!match) return false;
    if (!silent) {
      const token = state.push('value', '', 0);
      token.meta = { name: match[1], column: match[2], format: match[3] } satisfies ProseValue;
      token.content = match[0];
    }
    state.pos += match[0].length;
    return true;
  });
  const plain = (tokens: Token[], index: number) => html`${tokens[index].content}`.text;
  const block = (tokens: Token[], index: number) =>
    html`<pre tabindex="0"><code>${lines(tokens[index].content)}</code></pre>
`.text;
  Object.assign(markdown.renderer.rules, {
    text: plain,
    code_inline: (tokens: Token[], index: number) => html`<code>${tokens[index].content}</code>`.text,
    code_block: block,
    fence: block,
    image: plain,
    value: (tokens: Token[], index: number, _: unknown, env: ProseContext) =>
      html`${env.value(tokens[index].meta) ?? 'not known'}`.text,
    table_open: () => '<div class="scroll" tabindex="0"><table>\n',
    table_close: () => '</table></div>\n',
  });
  return markdown;
}

function lines(text: string): Markup {
  return trusted(
    text
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => html`${line}`.text)
      .join('\n'),
  );
}

let shared: MarkdownIt | null = null;

/** Markdown that was read but not yet written. */
export class Prose {
  private readonly tokens: Token[];

  constructor(text: string) {
    shared ??= parser();
    this.tokens = shared.parse(text, {});
    for (const [index, token] of this.tokens.entries()) {
      const last = this.tokens[index + 1]?.children?.at(-1);
      if (token.type !== 'heading_open' || last?.type !== 'text') continue;
      const named = /\s*\{#([\w.:-]+)\}\s*$/.exec(last.content);
      if (!named) continue;
      token.meta = named[1];
      last.content = last.content.slice(0, named.index);
    }
  }

  private inline(): { token: Token; line: number }[] {
    return this.tokens.flatMap((token) =>
      (token.children ?? []).map((child) => ({ token: child, line: token.map?.[0] ?? 0 })),
    );
  }

  /** The values in it, with the line of the text, from 0. */
  values(): { value: ProseValue; line: number }[] {
    return this.inline()
      .filter(({ token }) => token.type === 'value')
      .map(({ token, line }) => ({ value: token.meta as ProseValue, line }));
  }

  /** What cannot be in a report, with the line of the text, from 0. */
  mistakes(): { message: string; line: number }[] {
    return this.inline().flatMap(({ token, line }) => {
      if (token.type === 'image')
        return [{ line, message: 'a report holds no images: it is one file that loads nothing' }];
      if (token.type !== 'text') return [];
      if (/\{%|%\}/.test(token.content))
        return [{ line, message: 'a tag stands alone on its lines, {% ... %}' }];
      const at = token.content.search(/\{\{/);
      if (at < 0) return [];
      return [
        { line, message: `cannot read "${token.content.slice(at, at + 40)}": expected {{query.column}}` },
      ];
    });
  }

  render(context: ProseContext): Markup {
    for (const [index, token] of this.tokens.entries())
      if (token.type === 'heading_open') this.nameHeading(token, this.tokens[index + 1], context);
    return trusted(
      (shared as MarkdownIt).renderer.render(this.tokens, (shared as MarkdownIt).options, context),
    );
  }

  /** Gives a heading its id: the one written behind it as `{#id}`, or one made of its text. */
  private nameHeading(open: Token, inline: Token, context: ProseContext): void {
    const text = (inline.children ?? [])
      .map((child) => (child.type === 'value' ? (context.value(child.meta) ?? 'not known') : child.content))
      .join('')
      .trim();
    const id = context.takeId((open.meta as string | null) ?? anchorName(text.toLowerCase()));
    open.attrSet('id', attribute(id).text);
    context.heading({ level: Number(open.tag.slice(1)), id, text });
  }
}

/** Text with values in it, outside of Markdown: the title of a page. */
export function fillText(text: string, value: (value: ProseValue) => string | null): string {
  return text.replace(
    new RegExp(VALUE, 'g'),
    (_, name: string, column: string, format?: string) => value({ name, column, format }) ?? 'not known',
  );
}

/** The values in such a text. */
export function valuesIn(text: string): ProseValue[] {
  return [...text.matchAll(new RegExp(VALUE, 'g'))].map(([, name, column, format]) => ({
    name,
    column,
    format,
  }));
}
