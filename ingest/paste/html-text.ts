import type { LineHandler } from '../lines.ts';

const AMPERSAND = 0x26;
const LESS = 0x3c;
const GREATER = 0x3e;
/** Characters that pages escape, by name. */
const ENTITIES: Readonly<Record<string, number>> = {
  '&lt;': LESS,
  '&gt;': GREATER,
  '&amp;': AMPERSAND,
  '&quot;': 0x22,
  '&apos;': 0x27,
  '&#39;': 0x27,
  '&#34;': 0x22,
  '&#x27;': 0x27,
  '&#60;': LESS,
  '&#62;': GREATER,
  '&nbsp;': 0x20,
};
const LONGEST_ENTITY = 7;
const TAG = /^<\/?(?:br|pre|code|span|p|div|html|body|a|font|b|i|td|tr)\b[^<>]{0,200}>/i;
const ESCAPED = /&(?:lt|gt|amp|quot|apos|nbsp|#\d{2}|#x27);/g;
/** What a kernel prints in angle brackets; a page has it escaped. */
const RAW = /<(?:TASK|\/TASK|IRQ|\/IRQ|NMI|EOI|\d{1,3})>/;

/** True for text as the source of a page has it: the signs `<`, `>` and `&` are escaped. */
export function isHtmlText(sample: string): boolean {
  const escapes = sample.match(ESCAPED)?.length ?? 0;
  return escapes > 0 && !RAW.test(sample) && /&(?:lt|gt|nbsp|quot);/.test(sample);
}

/**
 * Takes lines of the source of a page and hands on what a browser shows of them: without tags and with the signs that
 * entities stand for. A line stands where it does in the source.
 */
export class HtmlText {
  private readonly next: LineHandler;
  private buffer = Buffer.alloc(4096);

  constructor(next: LineHandler) {
    this.next = next;
  }

  readonly line: LineHandler = (bytes, start, end, offset, length) => {
    if (end - start > this.buffer.length) this.buffer = Buffer.alloc((end - start) * 2);
    this.next(this.buffer, 0, showHtml(bytes, start, end, this.buffer), offset, length);
  };
}

/** Writes what is shown of `[start, end)` to `out`, which has room for it; returns its length. */
export function showHtml(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let filled = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === AMPERSAND) {
      const stop = bytes.indexOf(0x3b, at);
      const name =
        stop > at && stop < end && stop - at < LONGEST_ENTITY
          ? Buffer.from(bytes.buffer, bytes.byteOffset + at, stop + 1 - at).toString('latin1')
          : '';
      const sign = ENTITIES[name];
      if (sign !== undefined) {
        out[filled++] = sign;
        at = stop;
        continue;
      }
    } else if (byte === LESS) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(end - at, 220)).toString(
        'latin1',
      );
      const tag = TAG.exec(text);
      if (tag) {
        at += tag[0].length - 1;
        continue;
      }
    }
    out[filled++] = byte;
  }
  return filled;
}
