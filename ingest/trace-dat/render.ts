import type { FormatCatalog } from './catalog.ts';
import { EventPrinter, type PrintContext } from './pretty-print.ts';
import { parsePrintkFormats } from './printk-formats.ts';
import type { RecordView } from './record.ts';
import { prefixOf, specialPrinter } from './special-events.ts';
import type { Symbols } from './symbols.ts';
import type { TraceFile } from './trace-file.ts';

/** The parts of a printed line that stand before the event. */
export interface LineHead {
  /** Name of the buffer that recorded it; "" for the top one. */
  readonly buffer: string;
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number;
  readonly flags: string;
  readonly timeNs: bigint;
  /** Times of a clock that counts, printed as they are. */
  readonly ticks: boolean;
}

/** Prints records as `trace-cmd report -t` does (nanoseconds; trace-cmd 3.4, libtraceevent 1.8). */
export class Renderer {
  private readonly catalog: FormatCatalog;
  private readonly context: PrintContext;
  private readonly printers = new Map<number, EventPrinter>();
  /** Length of the longest name of a buffer; 0 when there is only the top one. */
  private readonly widest: number;

  constructor(file: TraceFile, catalog: FormatCatalog, symbols: Symbols) {
    this.catalog = catalog;
    const { longSize, bigEndian } = file;
    this.widest = Math.max(0, ...file.buffers.map(({ name }) => name.length));
    this.context = { longSize, bigEndian, symbols, printkFormats: parsePrintkFormats(file.printkFormats) };
  }

  /**
   * The text after the event's name.
   * @param next the next record, for a function whose return follows at once: both make one line then.
   */
  renderEvent(id: number, record: RecordView, nextId = -1, next: RecordView | null = null): string {
    const format = this.catalog.get(id);
    if (!format) return `[UNKNOWN EVENT ${id}]`;
    const special = specialPrinter(format)?.(
      format,
      record,
      this.context,
      next,
      next ? this.catalog.get(nextId) : null,
    );
    if (special !== null && special !== undefined) return special;
    let printer = this.printers.get(id);
    if (!printer) {
      printer = new EventPrinter(format, this.context);
      this.printers.set(id, printer);
    }
    return prefixOf(format, record, this.context) + printer.print(record);
  }

  /** A whole line, without the line feed that some events end in. */
  renderLine(
    head: LineHead,
    id: number,
    record: RecordView,
    nextId = -1,
    next: RecordView | null = null,
  ): string {
    const name = this.catalog.get(id)?.name ?? '(NULL)';
    const task = `${head.comm.padStart(16)}-${String(head.pid).padEnd(5)}`;
    const label = ` ${name}: ${' '.repeat(Math.max(0, 20 - name.length))}`;
    const body = this.renderEvent(id, record, nextId, next).replace(/\n$/, '');
    return `${this.bufferText(head.buffer)}${task} [${String(head.cpu).padStart(3, '0')}] ${head.flags} ${timeText(head)}:${label}${body}`;
  }

  /** In front of every line where a file has more than one buffer. */
  private bufferText(name: string): string {
    if (this.widest === 0) return '';
    return name === '' ? ' '.repeat(this.widest + 2) : `${name.padStart(this.widest)}: `;
  }
}

function timeText({ timeNs, ticks }: LineHead): string {
  if (ticks) return String(timeNs).padStart(12);
  const seconds = String(timeNs / 1_000_000_000n).padStart(5);
  return `${seconds}.${String(timeNs % 1_000_000_000n).padStart(9, '0')}`;
}
