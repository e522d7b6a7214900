import { type ColumnReference, NAME, type OptionValue, type Tag } from './definition.ts';

/** `a`, `a.b`, `key=value`, `"text"` and the rest: what may stand in a tag. */
const PART = /\s*(?:([A-Za-z_][\w-]*)=|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([^\s=]+))/y;
const VALUE = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"']+)/y;

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** `name.column`, or null for anything else. */
export function columnReference(text: string): ColumnReference | null {
  const [name, column, ...rest] = text.split('.');
  if (column === undefined || rest.length > 0 || !NAME.test(name) || !NAME.test(column)) return null;
  return { name, column };
}

function optionValue(text: string): OptionValue | null {
  if (/^["']/.test(text)) return { kind: 'text', text: unquoted(text) };
  if (/^-?\d+(\.\d+)?$/.test(text)) return { kind: 'number', number: Number(text) };
  if (text === 'true' || text === 'false') return { kind: 'flag', flag: text === 'true' };
  const reference = columnReference(text);
  return reference ? { kind: 'column', ...reference } : null;
}

/**
 * Reads what stands between `{%` and `%}`.
 * @throws Error that says what is wrong, without the line.
 */
export function parseTag(inner: string, line: number): Tag {
  const text = inner.trim().replace(/\s*\/$/, '');
  const [name = ''] = /^\/?[A-Za-z][\w-]*/.exec(text) ?? [];
  if (name === '') throw new Error(`expected the name of a tag, found "${text.slice(0, 40)}"`);
  const words: string[] = [];
  const options = new Map<string, OptionValue>();
  for (let at = name.length; text.slice(at).trim() !== ''; ) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (!match) throw new Error(`cannot read "${text.slice(at).trim().slice(0, 40)}" in the tag ${name}`);
    at = PART.lastIndex;
    const [, key, quoted, word] = match;
    if (key === undefined) {
      words.push(quoted === undefined ? word : unquoted(quoted));
      continue;
    }
    VALUE.lastIndex = at;
    const value = VALUE.exec(text)?.[1];
    const option = value === undefined ? null : optionValue(value);
    if (value === undefined || option === null) {
      throw new Error(
        `the option ${key} of the tag ${name} has no value that can be read: expected "text", a number, true, false, or name.column`,
      );
    }
    if (options.has(key)) throw new Error(`the tag ${name} has two options ${key}`);
    options.set(key, option);
    at += value.length;
  }
  return { name, line, words, options };
}
