import {
  ascii,
  BACKSLASH,
  EQUALS,
  findByte,
  hasByte,
  isDigit,
  OPEN,
  SPACE,
  skipSpaces,
  startsWith,
} from '../ascii.ts';
import { type LineHandler, MAX_LINE } from '../lines.ts';
import { hasControl, withoutControls } from '../paste/clean.ts';
import type { Bucket, SourceRecording } from '../recording.ts';
import { type Hints, readHead } from './core.ts';
import {
  inlineDictionary,
  takeDictionary,
  takeInlineDictionary,
  takePlainDictionary,
  unescapeLine,
} from './dictionary.ts';
import { afterBlank, Head, readCaller, readUptime, UPTIME, WALL } from './head.ts';
import { MAX_MARK, mayBeMark, takeMark } from './marks.ts';
import { type LavaText, lavaText, skipGutter, skipOuter, unescapeLava } from './outer.ts';
import type { RecordWriter } from './records.ts';
import { bannerIn, canBegin } from './splat-rules.ts';
import { readIso } from './wall-time.ts';
import { Wrapping } from './wrapping.ts';

/** Prefixes of different programs that may stand before one record. */
const MAX_PREFIXES = 16;
const CUT = ascii('------------[ cut here ]');
const STAR = 0x2a;

/** Reads the lines of one source, each by what it shows itself, into records. */
export class LineDecoder {
  private readonly writer: RecordWriter;
  private readonly out: SourceRecording;
  private readonly hints: Hints;
  private readonly head = new Head();
  private readonly probe = new Head();
  private readonly wrapping = new Wrapping();
  private clean = Buffer.alloc(4096);
  private lineNumber = 0;
  /** Source offset and length of the current line. */
  private offset = 0;
  private length = 0;
  /** Where the line starts in its buffer; -1 for a cleaned copy. */
  private rawStart = 0;
  /** Bytes of the cleaned copy of the line. */
  private cleanLength = 0;
  /** Column of the message in the line of the open record. */
  private textColumn = 0;
  /** The line before belongs to the open record; a blank one between its lines does too. */
  private isAdjacent = false;
  /** The head of the line before stood at its beginning. */
  private isHeadFirst = false;
  /** Lines without heads belong to a splat that has none. */
  private bareSplat = false;

  constructor(out: SourceRecording, writer: RecordWriter, hints: Hints) {
    this.out = out;
    this.writer = writer;
    this.hints = { ...hints };
  }

  /** Takes lines from here on as if they stood at another place, for parts that are read out of order. */
  seek(line: number): void {
    this.lineNumber = line;
  }

  readonly line: LineHandler = (bytes, start, end, offset, length) => {
    this.lineNumber++;
    this.offset = offset;
    this.length = length;
    this.rawStart = start;
    const { head } = this;
    head.clear();
    head.textEnd = end;
    if (end - start >= MAX_LINE)
      this.out.note('warning', 'long-line', this.place(), 'only its first part was read');
    let bucket: Bucket;
    if (bytes[start] === OPEN && !this.hints.monotonicJournal && this.readConsole(bytes, start, end)) {
      bucket = this.headed(bytes, start);
    } else if (
      bytes[start] === SPACE &&
      this.writer.takesDictionary &&
      takePlainDictionary(bytes, start, end, this.writer)
    ) {
      bucket = 'continuation';
    } else if (this.readLikely(bytes, start, end)) {
      bucket = this.headed(bytes, start);
    } else {
      bucket = this.slow(bytes, start, end);
    }
    if (this.rawStart < 0) this.wrapping.note(this.clean, 0, this.cleanLength);
    else this.wrapping.note(bytes, start, end);
    this.isAdjacent =
      bucket === 'record' || (bucket !== 'unparsed' && bucket !== 'marker' && this.isAdjacent);
    // Names in the program are found faster than those in variables.
    if (bucket === 'record') this.out.bytes.record += length;
    else this.out.bytes[bucket] += length;
  };

  /** The most frequent line: `[   12.345678] text` with or without a caller id. */
  private readConsole(bytes: Uint8Array, start: number, end: number): boolean {
    const { head } = this;
    const after = readUptime(bytes, start, end, head);
    if (after < 0) return false;
    const text = readCaller(bytes, after, end, head);
    // A terminal sequence may hide a caller, or the space that belongs to the head.
    if (bytes[text] < SPACE && text < end) return false;
    head.rendering = 'console or dmesg';
    head.textStart = afterBlank(bytes, text, end);
    return true;
  }

  /**
   * A record whose head begins the line, has the form of the one before, and holds no control bytes, is read without the tests for
   * all else that a line can be.
   */
  private readLikely(bytes: Uint8Array, start: number, end: number): boolean {
    const { head, writer } = this;
    if (!this.isHeadFirst) return false;
    const likely = writer.lastRendering;
    const text = readHead(bytes, start, head, this.hints);
    const isLikely = text >= 0 && head.kernel && head.rendering === likely;
    if (isLikely && !hasControl(writer.viewOf(bytes), start, Math.min(text + 1, end))) {
      head.textStart = text;
      return true;
    }
    head.clear();
    head.textEnd = end;
    return false;
  }

  private place() {
    return { offset: this.offset, length: this.length, line: this.lineNumber };
  }

  /** Writes the record whose head was read, and any that were merged into its line. */
  private headed(bytes: Uint8Array, lineStart: number): Bucket {
    const { head, writer } = this;
    this.bareSplat = false;
    if (head.timeKind === UPTIME) this.hints.bare = false;
    this.textColumn = head.textStart - lineStart;
    if (head.continues && writer.isOpen) {
      this.appendText(bytes, head.textStart, head.textEnd);
      return 'continuation';
    }
    if (head.repeated > 1) {
      this.out.note(
        'info',
        'message-repeated',
        this.place(),
        `a line stands for ${head.repeated} equal messages`,
      );
    }
    writer.begin(head, bytes, this.offset, this.length, this.lineNumber);
    this.placeText();
    this.appendText(bytes, head.textStart, head.textEnd);
    if (!head.kernel) takeMark(writer, this.textOf(bytes, head.textStart, head.textEnd), this.place());
    return 'record';
  }

  /** Tells the writer where the message of `head` stands in the source. */
  private placeText(): void {
    const { head, rawStart, offset } = this;
    if (rawStart >= 0)
      this.writer.placeText(offset + head.textStart - rawStart, offset + head.textEnd - rawStart);
  }

  /** The first part of a line as text, for patterns. */
  private textOf(bytes: Uint8Array, start: number, end: number): string {
    const length = Math.max(0, Math.min(end - start, MAX_MARK));
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, length)
      .toString('latin1')
      .trimEnd();
  }

  private appendText(bytes: Uint8Array, start: number, end: number): void {
    const { head, writer } = this;
    if (head.escaped) {
      this.appendEscaped(bytes, start, end);
      return;
    }
    const lineEnd = end;
    for (let at = start; at < lineEnd; ) {
      at = writer.append(bytes, at, lineEnd);
      if (at < lineEnd && this.isMergedHead(bytes, at, lineEnd)) {
        head.clear();
        head.textEnd = lineEnd;
        const text = readHead(bytes, at, head, this.hints);
        if (text < 0) continue;
        const skipped = this.rawStart < 0 ? 0 : at - this.rawStart;
        writer.begin(head, bytes, this.offset + skipped, this.length - skipped, this.lineNumber);
        at = text;
      }
    }
  }

  private appendEscaped(bytes: Uint8Array, start: number, end: number): void {
    const { writer } = this;
    if (this.head.rendering === '/dev/kmsg' && !hasByte(writer.viewOf(bytes), BACKSLASH, start, end)) {
      writer.appendAll(bytes, start, end);
      return;
    }
    const dictionary = this.head.rendering === 'netconsole' ? inlineDictionary(bytes, start, end) : end;
    const stop = unescapeLine(bytes, start, dictionary);
    if (stop === dictionary) writer.appendAll(bytes, start, stop);
    else writer.appendLines(bytes, start, stop);
    if (dictionary < end) takeInlineDictionary(bytes, dictionary, end, writer);
  }

  /** True when a padded time in brackets stands at `at`, as the kernel prints it: five columns of seconds at least. */
  private isMergedHead(bytes: Uint8Array, at: number, end: number): boolean {
    const after = readUptime(bytes, at, end, this.probe);
    if (after < 0 || after - at < 14) return false;
    return after === end || bytes[after] === SPACE || bytes[after] === OPEN;
  }

  /** Lines that do not begin with a time in brackets: any other rendering, prefixes, continuations, foreign text. */
  private slow(bytes: Uint8Array, start: number, end: number): Bucket {
    if (!hasControl(this.writer.viewOf(bytes), start, end)) {
      return this.isDictionary(bytes, start, end) ? 'continuation' : this.prefixed(bytes, start, end);
    }
    this.rawStart = -1;
    if (this.clean.length < end - start) this.clean = Buffer.alloc(end - start);
    this.cleanLength = withoutControls(bytes, start, end, this.clean);
    return this.prefixed(this.clean, 0, this.cleanLength);
  }

  /** The most frequent line of /dev/kmsg, ` KEY=value` after a record, without the tests for other lines. */
  private isDictionary(bytes: Uint8Array, start: number, end: number): boolean {
    const { writer } = this;
    if (bytes[start] !== SPACE || !writer.takesDictionary || isDigit(bytes[start + 1])) return false;
    const equals = findByte(bytes, EQUALS, start, end);
    if (equals <= start + 1 || !isKey(bytes, start + 1, equals)) return false;
    if (this.findMerged(bytes, equals, end) >= 0) return false;
    takeDictionary(bytes, start + 1, unescapeLine(bytes, start + 1, end), writer);
    return true;
  }

  /** `escaped`: the escapes of a log of LAVA are still there. */
  private prefixed(bytes: Uint8Array, start: number, lineEnd: number, escaped = true): Bucket {
    const { head, hints } = this;
    let end = lineEnd;
    let at = start;
    for (let prefixes = 0; prefixes < MAX_PREFIXES; prefixes++) {
      const lava = lavaText(bytes, at, end);
      if (lava) {
        at = lava.start;
        end = lava.end;
        if (escaped && lava.escapes !== null) return this.unescaped(bytes, lava);
      }
      head.clear();
      head.textEnd = end;
      const text = readHead(bytes, at, head, hints);
      if (text >= 0) {
        this.isHeadFirst = this.rawStart >= 0 && prefixes === 0 && lava === null;
        head.textStart = text;
        return this.headed(bytes, start);
      }
      const next = skipOuter(bytes, at, end);
      if (next === at) break;
      at = next;
    }
    head.clear();
    return this.headless(bytes, start, at, end);
  }

  private unescaped(bytes: Uint8Array, lava: LavaText): Bucket {
    if (this.clean.length < lava.end - lava.start) this.clean = Buffer.alloc(lava.end - lava.start);
    this.rawStart = -1;
    this.cleanLength = unescapeLava(bytes, lava, this.clean);
    return this.prefixed(this.clean, 0, this.cleanLength, false);
  }

  /** A line without a head at its start. `at` is where the prefixes end. */
  private headless(bytes: Uint8Array, start: number, at: number, end: number): Bucket {
    const text = skipSpaces(bytes, at, end);
    if (text === end) return 'comment';
    const mark = this.mark(bytes, text, end);
    if (mark) return mark;
    const merged = this.findMerged(bytes, at, end);
    if (merged >= 0) {
      this.head.textEnd = end;
      this.head.textStart = readHead(bytes, merged, this.head, this.hints);
      if (this.head.textStart >= 0) return this.headed(bytes, start);
    }
    return this.continued(bytes, start, at, end) ?? this.bare(bytes, start, at, end) ?? this.foreign();
  }

  private mark(bytes: Uint8Array, text: number, end: number): Bucket | null {
    if (!mayBeMark(bytes[text], bytes[text + 1])) return null;
    const bucket = takeMark(this.writer, this.textOf(bytes, text, end), this.place());
    if (bucket !== 'marker' || bytes[text] !== STAR) return bucket;
    return this.findMerged(bytes, text, end) >= 0 ? null : bucket;
  }

  private findMerged(bytes: Uint8Array, at: number, end: number): number {
    if (this.rawStart >= 0 && !hasByte(this.writer.viewOf(bytes), OPEN, at, end)) return -1;
    for (let i = at; i + 13 < end; i++) {
      if (bytes[i] !== OPEN || !(bytes[i + 1] === SPACE || isDigit(bytes[i + 1]))) continue;
      if (this.isMergedHead(bytes, i, end)) return i;
    }
    return -1;
  }

  /** Dictionary lines, further lines of a message (indented by dmesg and journalctl), rests of wrapped lines. */
  private continued(bytes: Uint8Array, start: number, at: number, end: number): Bucket | null {
    const { writer } = this;
    if (!writer.isOpen) return null;
    if (writer.takesDictionary && bytes[at] === SPACE) {
      const equals = findByte(bytes, EQUALS, at, end);
      if (equals > at + 1 && isKey(bytes, at + 1, equals)) {
        takeDictionary(bytes, at + 1, unescapeLine(bytes, at + 1, end), writer);
        return 'continuation';
      }
    }
    const first = skipSpaces(bytes, at, end);
    if (this.isAdjacent && this.textColumn >= 8 && first - start >= this.textColumn && !this.bareSplat) {
      const isRecord = writer.nextLine(this.offset, this.length, this.lineNumber);
      writer.appendAll(bytes, start + this.textColumn, end);
      return isRecord ? 'record' : 'continuation';
    }
    if (this.hints.bare || this.bareSplat || !this.wrapping.isRest(bytes, start, at, end)) return null;
    if (this.isBanner(bytes, first, end)) return null;
    if (!writer.endsInSpace) writer.appendByte(SPACE);
    writer.appendAll(bytes, first, end);
    return 'continuation';
  }

  /** Records of a log without times. */
  private bare(bytes: Uint8Array, start: number, at: number, end: number): Bucket | null {
    const { head, hints, writer } = this;
    const text = skipSpaces(bytes, at, end);
    if (this.bareSplat && writer.isOpen) writer.end();
    if (!hints.bare && !(this.bareSplat && writer.splats.isOpen) && !this.isBanner(bytes, text, end)) {
      this.bareSplat = false;
      return null;
    }
    head.clear();
    head.textStart = this.barePrefix(bytes, start, end);
    head.textEnd = end;
    writer.begin(head, bytes, this.offset, this.length, this.lineNumber);
    this.placeText();
    writer.appendAll(bytes, head.textStart, end);
    this.bareSplat = !hints.bare;
    return 'record';
  }

  private isBanner(bytes: Uint8Array, text: number, end: number): boolean {
    if (!canBegin(bytes, text, end)) return false;
    if (startsWith(bytes, text, end, CUT)) return true;
    return bannerIn(this.textOf(bytes, text, end)) !== null;
  }

  /** Skips quoting and the time of a CI system, which the record takes. Spaces of the message stay. */
  private barePrefix(bytes: Uint8Array, start: number, end: number): number {
    const { head } = this;
    let at = start;
    for (let prefixes = 0; prefixes < MAX_PREFIXES; prefixes++) {
      const gutter = skipGutter(bytes, at, end);
      const iso = gutter === at ? readIso(bytes, at, end, head) : -1;
      if (gutter === at && (iso < 0 || bytes[iso] !== SPACE)) break;
      at = gutter === at ? iso + 1 : gutter;
    }
    if (head.timeKind === WALL) head.rendering = 'dmesg iso';
    return readCallerAlone(bytes, at, end, head);
  }

  private foreign(): Bucket {
    this.out.unparsed++;
    this.out.note('info', 'no-kernel-line', this.place(), 'text that is no record of the kernel log');
    return 'unparsed';
  }
}

function isKey(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (!((byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || isDigit(byte))) return false;
  }
  return true;
}

function readCallerAlone(bytes: Uint8Array, at: number, end: number, head: Head): number {
  const after = bytes[at] === OPEN ? readCaller(bytes, at, end, head) : at;
  return after === at ? at : afterBlank(bytes, after, end);
}
