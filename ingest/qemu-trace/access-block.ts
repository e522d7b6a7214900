import type { CONFIG_ACCESSES, TableBuilder } from '../../tables/index.ts';

/** Rows that go into the table at once. */
const ROWS = 4096;

/**
 * Rows of `config_accesses` on their way into the table: a log has little else, and a block of rows costs a fraction of
 * what the same rows cost one by one.
 */
export class AccessBlock {
  length = 0;
  readonly seq = new Uint32Array(ROWS);
  readonly time = new Uint32Array(ROWS * 2);
  readonly isWrite = new Uint8Array(ROWS);
  /** Id in the pool of functions; meaningless where `hasFunction` is 0. */
  readonly fn = new Int32Array(ROWS);
  readonly hasFunction = new Uint8Array(ROWS);
  readonly device = new Int32Array(ROWS);
  readonly slot = new Int32Array(ROWS);
  readonly where = new Uint16Array(ROWS);
  readonly value = new Uint32Array(ROWS);
  readonly offset = new Uint32Array(ROWS * 2);
  readonly size = new Uint32Array(ROWS);
  readonly line = new Uint32Array(ROWS);
  private readonly source: Uint16Array;
  private readonly none = new Uint8Array(ROWS);
  private readonly width = new Uint8Array(ROWS);
  private readonly table: TableBuilder<typeof CONFIG_ACCESSES>;

  constructor(table: TableBuilder<typeof CONFIG_ACCESSES>, source: number) {
    this.table = table;
    this.source = new Uint16Array(ROWS).fill(source);
  }

  /** Place for the next row. `timed` and `isText` hold for the whole log. */
  next(timed: boolean, isText: boolean): number {
    if (this.length === ROWS) this.flush(timed, isText);
    return this.length++;
  }

  /** Writes what is there into the table. */
  flush(timed: boolean, isText: boolean): void {
    const { table, length, none } = this;
    this.length = 0;
    table.column('source').pushBlock(this.source, length);
    table.column('seq').pushBlock(this.seq, length);
    table.column('time_ns').pushBlock(this.time, length, timed ? undefined : none);
    table.column('is_write').pushBlock(this.isWrite, length);
    table.column('function').pushBlock(this.fn, length, this.hasFunction);
    table.column('device').pushBlock(this.device, length);
    table.column('slot').pushBlock(this.slot, length);
    table.column('where').pushBlock(this.where, length);
    table.column('value').pushBlock(this.value, length);
    table.column('width').pushBlock(this.width, length, none);
    table.column('offset').pushBlock(this.offset, length);
    table.column('length').pushBlock(this.size, length);
    table.column('line').pushBlock(this.line, length, isText ? undefined : none);
  }
}
