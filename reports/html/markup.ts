import { thousands } from '../thousands.ts';
import { clip, visibleParts } from '../visible.ts';

/** Finished markup. Only `html` and `trusted` make it; everything else is text and gets escaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, lists are joined, null and false are nothing. */
export type Part = Markup | string | number | bigint | null | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function entities(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Longest piece of text that is put on the page in one place. */
const MAX_TEXT = 20_000;

/** ASCII that can be seen and that means nothing in HTML: most text of a page. */
const PLAIN = /^[ !#-%(-;=?-~]*$/;

function escapeText(text: string): string {
  if (text.length <= MAX_TEXT && PLAIN.test(text)) return text;
  const { text: kept, omitted } = clip(text, MAX_TEXT);
  const shown = visibleParts(kept)
    .map((part) => (part.escaped ? `<span class="esc">${entities(part.text)}</span>` : entities(part.text)))
    .join('');
  return omitted === 0 ? shown : `${shown}<span class="esc">... ${thousands(omitted)} characters more</span>`;
}

function markupOf(part: Part): string {
  if (part === null || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(markupOf).join('');
  return escapeText(String(part));
}

/** A template in which every value that is not markup itself is escaped. Not for values inside of attributes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let markup = strings[0];
  for (let index = 0; index < parts.length; index++) markup += markupOf(parts[index]) + strings[index + 1];
  return new Markup(markup);
}

/** Text of several lines; every other control character in it is shown as an escape. */
export function lines(text: string): Markup {
  return new Markup(text.split('\n').map(escapeText).join('\n'));
}

/** A value for inside of a quoted attribute. */
export function attribute(text: string): Markup {
  if (text.length <= MAX_TEXT && PLAIN.test(text)) return new Markup(text);
  const plain = visibleParts(clip(text, MAX_TEXT).text);
  return new Markup(entities(plain.map((part) => part.text).join('')));
}

/** Markup made by this program itself, e.g. a rendered chart. Never text of a recording. */
export function trusted(text: string): Markup {
  return new Markup(text);
}
