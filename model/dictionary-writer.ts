import type { ColumnBuilder } from '../tables/index.ts';

/** Writes a dictionary column from small numbers that stand for texts, so that each text is made and interned once. */
export class DictionaryWriter {
  private readonly column: ColumnBuilder;
  private readonly textOf: (id: number) => string;
  private ids = new Int32Array(64).fill(-1);

  constructor(column: ColumnBuilder, textOf: (id: number) => string) {
    this.column = column;
    this.textOf = textOf;
  }

  /** @param id a number below 0 stands for no text. */
  push(id: number): void {
    if (id < 0) {
      this.column.pushNull();
      return;
    }
    if (id >= this.ids.length) {
      const grown = new Int32Array(id * 2).fill(-1);
      grown.set(this.ids);
      this.ids = grown;
    }
    let interned = this.ids[id];
    if (interned < 0) {
      const { pool } = this.column;
      if (!pool) throw new Error(`column ${this.column.def.name} has no dictionary`);
      interned = pool.internString(this.textOf(id));
      this.ids[id] = interned;
    }
    this.column.pushNumber(interned);
  }
}
