import { ascii, skipSpaces, startsWith } from '../ascii.ts';
import type { SourceRecording } from '../recording.ts';
import { CallTrace, FrameColumns } from './call-trace.ts';
import { armFramesIn, frameIn, isOutermost, isStackMark, noFramePlace, readFrame } from './frames.ts';
import { FtraceDumps } from './ftrace-dump.ts';
import { NONE, UPTIME } from './head.ts';
import { type LogRecord, timeOf } from './record.ts';
import {
  isBody,
  isPlainBody,
  noFacts,
  type SplatFacts,
  takeBanner,
  takeFact,
  takeInterrupted,
} from './splat-facts.ts';
import { type Banner, type BannerRule, bannerIn, canBegin } from './splat-rules.ts';

/** Messages are looked at up to this length; the lines of a splat are shorter. */
const LOOK = 1024;
/** Lines of other kinds that may stand in a splat before it counts as cut. */
const MAX_STRANGERS = 40;
/** A splat is printed in one go; even a slow serial line takes no longer between two of its lines. */
const MAX_GAP_SECONDS = 60;
const MAX_OPEN = 256;
/** Records within which a banner follows `cut here`. */
const CUT_REACH = 16;

const CUT = '------------[ cut here ]';
const RULER = /^={20,}\s*$/;
const TRACE_START = /^\s*(?:\S+ )?(?:Call [Tt]race|Backtrace|Stack backtrace):/;
/** riscv prints no title before the trace of an oops (show_regs() in arch/riscv/kernel/process.c). */
const ADDRESS_FRAME = /^\s*\[<[0-9a-f]{8,16}>\] [\w.$]+\+0x/;
/** KCSAN prints a title of its own before each of its traces (kernel/kcsan/report.c). */
const ACCESS = /^(?:read|write|read-write|assert no \w+)(?: \([^)]*\))? to \S+ of \d+ bytes by .{1,40}:$/;
const LATER_TRACE = /^\s*stack backtrace:/;
const END = /^\s*---\[ end (trace|Kernel panic)/;
const PANIC_END = /^\s*---\[ end (Kernel panic.*?)\s*(?:\]---\s*)?$/;

/** The marks of the stack of a task, the most frequent ones. */
const TASK = ascii('<TASK>');
const TASK_ENDS = ascii('</TASK>');

const decoder = new TextDecoder();

/** The first part of a message. */
function textOf({ text, textStart, textLength, isAscii }: LogRecord): string {
  const end = textStart + Math.min(textLength, LOOK);
  return isAscii ? text.toString('latin1', textStart, end) : decoder.decode(text.subarray(textStart, end));
}

function isTraceStart(text: string): boolean {
  return text.includes('trace:') || text.includes('Trace:') ? TRACE_START.test(text) : false;
}

/** True when a message is one text, leading spaces aside. */
function isLine(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  const first = end - text.length;
  return first >= start && startsWith(bytes, first, end, text) && skipSpaces(bytes, start, first) === first;
}

interface OpenSplat {
  readonly splat: number;
  readonly rule: BannerRule;
  readonly facts: SplatFacts;
  readonly trace: CallTrace;
  readonly caller: number;
  readonly boot: number;
  readonly title: string;
  readonly timeNs: bigint | null;
  readonly firstSeq: number;
  readonly offset: number;
  readonly length: number;
  readonly line: number;
  part: 'head' | 'trace' | 'tail';
  /** False while the call trace to take is still to come (lockdep prints others before). */
  traceReady: boolean;
  strangers: number;
  lastSeq: number;
  lastSeconds: number;
}

/** A mark before a banner: `cut here` or a ruler. */
interface Mark {
  readonly seq: number;
  readonly caller: number;
  readonly isCut: boolean;
  readonly offset: number;
  readonly line: number;
}

/** Finds splats in the records of one source and writes them in the order of their first lines. */
export class SplatReader {
  private readonly out: SourceRecording;
  private readonly dumps: FtraceDumps;
  private readonly frameColumns: FrameColumns;
  private readonly frame = noFramePlace();
  /** By caller id, so that splats of several CPUs may be printed at once; -1 where the log has no callers. */
  private readonly open = new Map<number, OpenSplat>();
  /** Closed splats that an older open one holds back. */
  private readonly closed = new Map<number, () => void>();
  /** By caller id. */
  private readonly marks = new Map<number, Mark>();
  /** No splat, mark or dump is open. May be false when none is. */
  private isIdle = true;
  /** A panic was seen in this boot. */
  private hasPanic = false;
  private count = 0;
  private written = 0;

  constructor(out: SourceRecording) {
    this.out = out;
    this.dumps = new FtraceDumps(out);
    this.frameColumns = new FrameColumns(out);
  }

  /** True while lines without any head may belong to a splat. */
  get isOpen(): boolean {
    return this.open.size > 0 || this.marks.size > 0;
  }

  /** Takes the next record. Its text must be valid UTF-8. */
  record(record: LogRecord): void {
    const { textStart } = record;
    const mayBegin = canBegin(record.text, textStart, textStart + record.textLength);
    if (!mayBegin && this.isIdle) return;
    this.isIdle = !mayBegin && !this.isOpen && !this.dumps.isOpen;
    if (!this.isIdle && (mayBegin || !this.takeBytes(record))) this.take(record, mayBegin);
  }

  /**
   * Takes a frame or a line of registers in an open splat, which most of its lines are, without making a text of it. False when the
   * record needs a closer look.
   */
  private takeBytes(record: LogRecord): boolean {
    const splat = this.open.get(record.caller);
    if (!splat || this.dumps.isOpen || this.isLate(splat, record)) return false;
    const { text, textStart, textLength } = record;
    const end = textStart + textLength;
    const inTrace = splat.part === 'trace' && splat.traceReady;
    if (inTrace && readFrame(text, textStart, end, this.frame)) splat.trace.addPlace(text, this.frame);
    else if (isLine(text, textStart, end, TASK_ENDS)) splat.part = inTrace ? 'tail' : splat.part;
    else if (!isLine(text, textStart, end, TASK) && !isPlainBody(text, textStart, end)) return false;
    splat.strangers = 0;
    splat.lastSeq = record.seq;
    splat.lastSeconds = record.seconds;
    return true;
  }

  /** True when a record comes so long after the last line of a splat that it is none of its lines. */
  private isLate(splat: OpenSplat, record: LogRecord): boolean {
    return record.timeKind === UPTIME && record.seconds - splat.lastSeconds > MAX_GAP_SECONDS;
  }

  private take(record: LogRecord, mayBegin: boolean): void {
    const text = textOf(record);
    if (this.dumps.take(record, text)) {
      this.touch(record);
      return;
    }
    let current = this.open.get(record.caller);
    if (current && this.isLate(current, record)) {
      this.close(current, false);
      current = undefined;
    }
    const trimmed = text.trimStart();
    const banner = mayBegin ? bannerIn(trimmed) : null;
    if (banner) this.begin(record, trimmed.trimEnd(), banner, current);
    else if (trimmed.startsWith(CUT)) this.setMark(record, true, current);
    else if (current) this.feed(current, record, text);
    else this.outside(record, trimmed);
  }

  /** Ends all open splats: what follows is another boot. */
  endBoot(): void {
    this.hasPanic = false;
    for (const splat of [...this.open.values()]) this.close(splat, false);
    for (const mark of [...this.marks.values()]) this.dropMark(mark);
  }

  finish(): void {
    this.endBoot();
    this.dumps.finish();
  }

  private touch(record: LogRecord): void {
    const current = this.open.get(record.caller);
    if (!current) return;
    current.lastSeq = record.seq;
    current.lastSeconds = record.seconds;
  }

  private begin(record: LogRecord, title: string, banner: Banner, current: OpenSplat | undefined): void {
    const { rule, groups } = banner;
    if (current?.part === 'head' && rule.follows?.includes(current.rule.kind)) {
      takeBanner(current.facts, groups);
      this.touch(record);
      return;
    }
    if (current) this.close(current, false);
    if (rule.kind === 'panic') this.hasPanic = true;
    const oldest = this.open.values().next().value;
    if (oldest && this.open.size >= MAX_OPEN) this.close(oldest, false);
    const mark = this.marks.get(record.caller);
    this.marks.delete(record.caller);
    const splat: OpenSplat = {
      splat: this.count++,
      rule,
      facts: noFacts(),
      trace: new CallTrace(this.frameColumns),
      caller: record.caller,
      boot: record.boot,
      title,
      timeNs: record.timeKind === NONE ? null : timeOf(record),
      firstSeq: mark?.seq ?? record.seq,
      offset: record.offset,
      length: record.length,
      line: record.line,
      part: 'head',
      traceReady: rule.laterTrace !== true,
      strangers: 0,
      lastSeq: record.seq,
      lastSeconds: record.seconds,
    };
    takeBanner(splat.facts, groups);
    this.open.set(record.caller, splat);
  }

  /** A line in the context of an open splat. */
  private feed(splat: OpenSplat, record: LogRecord, text: string): void {
    const end = text.includes('---[ end ') ? END.exec(text) : null;
    if (end) {
      this.touch(record);
      if (splat.rule.ending !== 'panic-marker' || end[1] === 'Kernel panic') this.close(splat, true);
      this.endOfPanic(record, text);
      return;
    }
    if (splat.rule.ending === 'ruler' && RULER.test(text)) {
      this.touch(record);
      this.close(splat, true);
      return;
    }
    if (this.feedTrace(splat, text) || this.feedBody(splat, text)) {
      splat.strangers = 0;
      this.touch(record);
      return;
    }
    if (splat.part === 'trace') splat.part = 'tail';
    if (text.trim() === '') return;
    splat.strangers++;
    const isOver = splat.part === 'tail' && splat.rule.ending === 'trace';
    if (isOver || splat.strangers > MAX_STRANGERS) this.close(splat, isOver);
  }

  private feedTrace(splat: OpenSplat, text: string): boolean {
    if (!splat.traceReady) {
      splat.traceReady = LATER_TRACE.test(text);
      return splat.traceReady;
    }
    if (splat.part === 'tail') return false;
    if (isTraceStart(text) || (splat.rule.kind === 'kcsan' && ACCESS.test(text))) {
      splat.part = !splat.trace.isEmpty ? 'tail' : 'trace';
      return true;
    }
    if (splat.part === 'head' && text.includes('[<') && ADDRESS_FRAME.test(text)) splat.part = 'trace';
    const arm = armFramesIn(text);
    if (arm) {
      splat.part = 'trace';
      if (splat.trace.isEmpty) splat.trace.add(arm[0]);
      splat.trace.add(arm[1]);
      return true;
    }
    if (splat.part !== 'trace') return false;
    if (isStackMark(text) || text.startsWith('Last Breaking-Event')) {
      if (!text.includes('<') || text.includes('</TASK>')) splat.part = 'tail';
      return true;
    }
    const frame = frameIn(text);
    if (!frame) return false;
    splat.trace.add(frame);
    return true;
  }

  private feedBody(splat: OpenSplat, text: string): boolean {
    const line = text.trimStart();
    return (
      takeFact(splat.facts, line, splat.part !== 'head', splat.rule.laterTrace === true) ||
      isBody(line) ||
      isStackMark(text) ||
      frameIn(text) !== null
    );
  }

  /** The last line of a panic whose first one the log lacks, as one that begins late does, says what the panic was. */
  private endOfPanic(record: LogRecord, text: string): void {
    const title = this.hasPanic ? undefined : PANIC_END.exec(text)?.[1];
    const banner = title === undefined ? null : bannerIn(title);
    if (!banner || title === undefined) return;
    this.begin(record, title, banner, undefined);
    const panic = this.open.get(record.caller);
    if (panic) this.close(panic, false);
  }

  /** A line outside of any splat that may be a mark of one. */
  private outside(record: LogRecord, text: string): void {
    const mark = this.marks.get(record.caller);
    if (RULER.test(text)) this.setMark(record, false, undefined);
    else if (isTraceStart(text))
      this.notUnderstood(record, `a call trace without a known first line: ${text}`);
    else if (text.startsWith('---[ end ')) this.endOfPanic(record, text);
    else if (mark && record.seq - mark.seq > CUT_REACH) this.dropMark(mark);
  }

  private setMark(record: LogRecord, isCut: boolean, current: OpenSplat | undefined): void {
    if (current) this.close(current, false);
    const { caller, seq, offset, line } = record;
    const known = this.marks.get(caller);
    if (known) this.dropMark(known);
    if (this.marks.size < MAX_OPEN) this.marks.set(caller, { seq, caller, isCut, offset, line });
  }

  private dropMark(mark: Mark): void {
    this.marks.delete(mark.caller);
    if (mark.isCut) this.notUnderstood(mark, 'no known banner follows `cut here`');
  }

  private notUnderstood(place: { readonly offset: number; readonly line: number }, message: string): void {
    this.out.note('warning', 'splat-not-understood', place, message);
  }

  private close(open: OpenSplat, ended: boolean): void {
    this.open.delete(open.caller);
    const last = open.trace.outermost;
    const isWhole =
      open.rule.ending === 'trace' && last !== null && (open.part === 'tail' || isOutermost(last));
    this.closed.set(open.splat, () => this.writeSplat(open, ended || isWhole));
    this.out.kernelRelease ??= open.facts.release;
    for (let next = this.closed.get(this.written); next; next = this.closed.get(this.written)) {
      next();
      this.closed.delete(this.written++);
    }
  }

  private writeSplat(open: OpenSplat, complete: boolean): void {
    const { facts, rule } = open;
    if (rule.byInterrupt) takeInterrupted(facts);
    this.out.splat({
      source: this.out.id,
      splat: open.splat,
      boot: open.boot,
      kind: rule.kind,
      time_ns: open.timeNs,
      file: facts.file,
      file_line: facts.fileLine,
      symbol: facts.symbol,
      symbol_offset: facts.symbolOffset,
      module: facts.module,
      cpu: facts.cpu,
      pid: facts.pid,
      uid: facts.uid,
      comm: facts.comm,
      taint: facts.taint,
      kernel_release: facts.release,
      hardware: facts.hardware,
      title: open.title,
      first_seq: open.firstSeq,
      last_seq: open.lastSeq,
      complete,
      offset: BigInt(open.offset),
      length: open.length,
      line: open.line,
    });
    open.trace.write(open.splat);
  }
}
