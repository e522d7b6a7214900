import type { ColumnBuilder, LOG_RECORDS, TableBuilder } from '../../tables/index.ts';
import { viewOf } from '../ascii.ts';
import { InputError } from '../input-error.ts';

/** Rows that are collected before they go into the table. */
export const STAGED_ROWS = 1024;

/** A column with nulls: its values and which are there. One type of array for all, so that `set` stays fast. */
class Optional {
  readonly values = new Int32Array(STAGED_ROWS);
  readonly present = new Uint8Array(STAGED_ROWS);
  private isUsed = false;

  /** Sets a row; a negative value is null. */
  set(row: number, value: number): void {
    if (value < 0) return;
    this.isUsed = true;
    this.values[row] = value;
    this.present[row] = 1;
  }

  /** All rows are null. */
  clear(): void {
    if (this.isUsed) this.present.fill(0);
    this.isUsed = false;
  }
}

/**
 * Rows of `log_records` on their way into the table, column by column. A call per cell on columns of many types costs more than
 * reading the line; typed arrays under fixed names do not. The last message, at `textAt`, may still grow.
 */
export class StagedRecords {
  count = 0;
  readonly seq = new Uint32Array(STAGED_ROWS);
  readonly boot = new Uint16Array(STAGED_ROWS);
  readonly timeKind = new Int32Array(STAGED_ROWS);
  /** Two words per row. */
  readonly time = new Uint32Array(STAGED_ROWS * 2);
  readonly timePresent = new Uint8Array(STAGED_ROWS);
  readonly level = new Optional();
  readonly facility = new Optional();
  readonly caller = new Optional();
  readonly device = new Optional();
  readonly driver = new Optional();
  /** Two words per row. */
  readonly offset = new Uint32Array(STAGED_ROWS * 2);
  readonly length = new Uint32Array(STAGED_ROWS);
  readonly line = new Uint32Array(STAGED_ROWS);
  /** The memory of the column of messages, into which they are written one after another. */
  text: Buffer;
  textView: DataView;
  /** Where the message of row `count` begins in `text`. */
  textAt: number;
  private readonly messages: ColumnBuilder;
  private readonly textEnds = new Uint32Array(STAGED_ROWS);
  private readonly source = new Uint16Array(STAGED_ROWS);
  private readonly path: string;
  private readonly mostText: number;
  private readonly table: TableBuilder<typeof LOG_RECORDS>;

  /**
   * @param path names the source in errors.
   * @param mostText bytes of messages that the table can hold: its offsets are signed 32-bit integers.
   */
  constructor(table: TableBuilder<typeof LOG_RECORDS>, source: number, path: string, mostText = 0x7fffffff) {
    this.table = table;
    this.path = path;
    this.mostText = mostText;
    this.source.fill(source);
    this.messages = table.column('message');
    this.textAt = this.messages.textEnd;
    this.text = this.memory(0);
    this.textView = viewOf(this.text);
  }

  /**
   * Makes room for a message of `size` bytes at `textAt`.
   * @throws InputError when the messages do not fit into one table.
   */
  reserveText(size: number): void {
    if (this.textAt + size <= this.text.length) return;
    if (this.textAt + size > this.mostText)
      throw new InputError(
        `${this.path}: its messages are longer than ${this.mostText} bytes in all, the most that one table holds. Read a part of it, e.g. the boot in question: tail -c 1G ${this.path} | atscope analyze -`,
      );
    this.text = this.memory(size);
    this.textView = viewOf(this.text);
  }

  private memory(size: number): Buffer {
    const { messages } = this;
    const memory = messages.textMemory(this.textAt - messages.textEnd + size);
    return Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  }

  /** Ends a row whose message has `size` bytes. */
  endRow(size: number): void {
    this.textAt += size;
    this.textEnds[this.count++] = this.textAt;
    if (this.count === STAGED_ROWS) this.flush();
  }

  /** Moves all rows into the table. */
  flush(): void {
    const { table, count } = this;
    table.column('source').pushBlock(this.source, count);
    table.column('seq').pushBlock(this.seq, count);
    table.column('boot').pushBlock(this.boot, count);
    table.column('time_ns').pushBlock(this.time, count, this.timePresent);
    table.column('time_kind').pushBlock(this.timeKind, count);
    for (const name of ['level', 'facility', 'caller', 'device', 'driver'] as const) {
      table.column(name).pushBlock(this[name].values, count, this[name].present);
      this[name].clear();
    }
    table.column('offset').pushBlock(this.offset, count);
    table.column('length').pushBlock(this.length, count);
    table.column('line').pushBlock(this.line, count);
    this.messages.takeTexts(this.textEnds, count);
    this.count = 0;
  }
}
