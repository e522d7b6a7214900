import type { EventTableBuilder } from '../event-table.ts';
import type { FieldBuilder } from '../field-builder.ts';
import type { Integer } from './integer.ts';

/** Columns of one kind of event at most: a log of other make must not grow a column per line. */
const MAX_FIELDS = 64;

/** The row of an event that is being filled. */
export class EventRow {
  readonly table: EventTableBuilder;
  private readonly fields = new Map<string, FieldBuilder>();
  private row = 0;

  constructor(table: EventTableBuilder) {
    this.table = table;
  }

  /** Goes on to the row that `table.begin` gave. */
  at(row: number): this {
    this.row = row;
    return this;
  }

  setInteger(name: string, value: Integer): void {
    this.field(name)?.setPair(this.row, value.lo, value.hi, value.hex);
  }

  setBytes(name: string, buffer: Uint8Array, start: number, end: number): void {
    this.field(name)?.setBytes(this.row, buffer, start, end);
  }

  private field(name: string): FieldBuilder | null {
    let field = this.fields.get(name);
    if (!field) {
      if (this.fields.size >= MAX_FIELDS) return null;
      field = this.table.field(name);
      this.fields.set(name, field);
    }
    return field;
  }
}
