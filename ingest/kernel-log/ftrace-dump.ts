import type { SourceRecording } from '../recording.ts';
import type { LogRecord } from './record.ts';

const START = 'Dumping ftrace buffer:';
const RULER = /^\s*-{20,}\s*$/;
/** Lines that end a dump whose last ruler is missing. */
const AFTER = /^\s*(?:---\[|Kernel Offset|Rebooting in|CPU: \d|Modules linked|RIP: |Call Trace)/;

interface Dump {
  readonly offset: number;
  readonly line: number;
  readonly caller: number;
  rulers: number;
  lines: number;
  lastLine: number;
}

/**
 * The ftrace buffer that an oops prints, ftrace_dump() in kernel/trace/trace.c: a title, a ruler, lines of trace, a ruler. Its
 * lines stay log records; the import log says where they are.
 */
export class FtraceDumps {
  private readonly out: SourceRecording;
  private dump: Dump | null = null;

  constructor(out: SourceRecording) {
    this.out = out;
  }

  get isOpen(): boolean {
    return this.dump !== null;
  }

  /** True when the record is a line of a dump. */
  take(record: LogRecord, text: string): boolean {
    const { dump } = this;
    if (text.startsWith(START)) {
      this.finish();
      this.dump = {
        offset: record.offset,
        line: record.line,
        caller: record.caller,
        rulers: 0,
        lines: 0,
        lastLine: record.line,
      };
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
    return true;
  }

  /** Ends an open dump and notes it. */
  finish(): void {
    const { dump } = this;
    if (!dump) return;
    this.dump = null;
    const message = `${dump.lines} lines of an ftrace dump, to line ${dump.lastLine}, were kept as log records`;
    this.out.note('info', 'ftrace-dump', dump, message);
  }
}
