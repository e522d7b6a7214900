import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ArrowFileOptions, arrowFile } from '../tables/arrow-file.ts';
import { quoteIdentifier, quoteText, sqlTableName } from '../tables/ddl.ts';
import { qualifiedName, type Table, type TableDef } from '../tables/index.ts';
import { type EngineLimits, openEngine } from './engine.ts';
import { loadTables, sqlTables } from './load-tables.ts';

/**
 * A file or directory name for a table. Names of trace events come from recordings: whatever could lead elsewhere becomes
 * an escape.
 */
export function fileNameOf(def: TableDef): string {
  return qualifiedName(def).replace(
    /[^A-Za-z0-9_.-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Writes one Arrow IPC file per table into a directory that exists. */
export async function writeArrowFiles(
  directory: string,
  tables: readonly Table[],
  options: ArrowFileOptions,
  writeFile: (path: string, pieces: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  for (const { table, def } of sqlTables(tables))
    await writeFile(join(directory, `${fileNameOf(def)}.arrow`), arrowFile(table, options));
}

/** Where a table of a capture stands in a data set. */
export function partitionOf(def: TableDef, capture: string): string {
  return join(fileNameOf(def), `capture=${capture}`, 'data.parquet');
}

/**
 * Writes one Parquet file per table, in the layout of a data set partitioned by capture. The id of the capture is in the
 * path, as the convention wants it, and therefore in no file.
 */
export async function writeParquetFiles(
  directory: string,
  capture: string,
  tables: readonly Table[],
  limits: EngineLimits = {},
): Promise<void> {
  const engine = await openEngine(limits);
  try {
    for (const { table, def } of sqlTables(tables)) {
      const file = join(directory, partitionOf(def, capture));
      mkdirSync(dirname(file), { recursive: true });
      // One table at a time is in memory a second time.
      await loadTables(engine, [{ ...table, def }]);
      const name = sqlTableName(def);
      const columns = def.columns
        .filter((column) => column.name !== 'capture')
        .map((column) => quoteIdentifier(column.name));
      await engine.connection.run(
        `COPY (SELECT ${columns.join(', ')} FROM ${name}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd); DROP TABLE ${name};`,
      );
    }
  } finally {
    engine.close();
  }
}
