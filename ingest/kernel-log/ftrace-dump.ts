import type { Range, SourceRecording } from '../recording.ts';
import type { LogRecord } from './record.ts';

const START = /^Dumping ftrace (?:instance \S{1,200} )?buffer:/;
const CAPITAL_D = 0x44;
const RULER = /^\s*-{20,}\s*$/;
/** Lines that end a dump whose last ruler is missing. */
const AFTER = /^\s*(?:---\[|Kernel Offset|Rebooting in|CPU: \d|Modules linked|RIP: |Call Trace)/;
/** More lines of dumps stay log records only. */
const MAX_RANGES = 1_000_000;

interface Dump {
  readonly offset: number;
  readonly line: number;
  readonly caller: number;
  rulers: number;
  lines: number;
  lastLine: number;
  /** Where its lines stand in the source. */
  readonly ranges: Range[];
}

/**
 * The ftrace buffer that an oops prints, ftrace_dump() in kernel/trace/trace.c: a title, a ruler, lines of trace, a ruler. Its
 * lines stay log records; they are also read as the trace that they are, as a source of their own.
 */
export class FtraceDumps {
  private readonly out: SourceRecording;
  private dump: Dump | null = null;
  private ranges = 0;

  constructor(out: SourceRecording) {
    this.out = out;
  }

  get isOpen(): boolean {
    return this.dump !== null;
  }

  /** True when the record is a line of a dump. */
  take(record: LogRecord, text: string): boolean {
    const { dump } = this;
    if (text.charCodeAt(0) === CAPITAL_D && START.test(text)) {
      this.finish();
      const { offset, line, caller } = record;
      this.dump = { offset, line, caller, rulers: 0, lines: 0, lastLine: line, ranges: [] };
      return true;
    }
    if (!dump || dump.caller !== record.caller) return false;
    if (RULER.test(text)) {
      dump.lastLine = record.line;
      if (++dump.rulers === 2) this.finish();
      return true;
    }
    if (dump.rulers === 0 || AFTER.test(text)) {
      const isEmpty = text.includes('(ftrace buffer empty)');
      this.finish();
      return isEmpty;
    }
    dump.lines++;
    dump.lastLine = record.line;
    this.place(dump, record);
    return true;
  }

  private place(dump: Dump, { textOffset, textEndOffset }: LogRecord): void {
    const last = dump.ranges.at(-1);
    if (textOffset < (last?.end ?? 0) || this.ranges >= MAX_RANGES) return;
    dump.ranges.push({ start: textOffset, end: textEndOffset });
    this.ranges++;
  }

  /** Ends an open dump and hands it on. */
  finish(): void {
    const { dump } = this;
    if (!dump) return;
    this.dump = null;
    if (dump.lines === 0) return;
    const isRead = dump.ranges.length > 0;
    if (isRead) this.out.embedded.push({ format: 'ftrace-text', ranges: dump.ranges });
    const what = isRead ? 'are also read as a trace of their own' : 'were kept as log records';
    this.out.note(
      'info',
      'ftrace-dump',
      dump,
      `${dump.lines} lines of an ftrace dump, to line ${dump.lastLine}, ${what}`,
    );
  }
}
