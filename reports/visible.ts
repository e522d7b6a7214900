import { thousands } from './thousands.ts';

/**
 * Text of a recording is untrusted: it may hold terminal escapes, NULs, or marks that turn the reading direction. Such
 * characters are shown as escapes and never passed on.
 */
const HIDDEN =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

function escapeOf(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

/** The text with every invisible or direction-turning character as an escape, e.g. `\x1b`. Tabs stay. */
export function visible(text: string): string {
  return text.replace(HIDDEN, escapeOf);
}

/** Splits text into plain parts and escapes, so that a page can mark the escapes. */
export function visibleParts(text: string): { text: string; escaped: boolean }[] {
  const parts: { text: string; escaped: boolean }[] = [];
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index), escaped: false });
    const last = parts.at(-1);
    if (last?.escaped) last.text += escapeOf(match[0]);
    else parts.push({ text: escapeOf(match[0]), escaped: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), escaped: false });
  return parts;
}

/** At most `limit` characters of a text, and how many were left out. Never half of a surrogate pair. */
export function clip(text: string, limit: number): { text: string; omitted: number } {
  if (text.length <= limit) return { text, omitted: 0 };
  const code = text.charCodeAt(limit - 1);
  const end = code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
  return { text: text.slice(0, end), omitted: text.length - end };
}

/** For a terminal or a plain text: one line, visible, clipped loudly. */
export function oneLine(text: string, limit: number): string {
  const { text: kept, omitted } = clip(text, limit);
  const shown = visible(kept).replaceAll('\t', ' ');
  return omitted > 0 ? `${shown} ... (${thousands(omitted)} characters more)` : shown;
}

/**
 * Text of several lines for the output of a job of a CI service. Those read commands from output: GitHub from lines that begin
 * with `::`, and from `##[` anywhere. Text of a recording must give none.
 */
export function withoutCommands(text: string): string {
  return text.replace(/^([^\S\n]*):(?=:)/gm, '$1\\x3a').replaceAll('##[', '#\\x23[');
}
