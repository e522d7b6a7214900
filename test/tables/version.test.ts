import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../queries/database.ts';
import { SCHEMA_VERSION } from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';

/** The columns of every table and view of a saved database, but for those of trace events. */
async function stored(): Promise<string> {
  const db = await openDatabase(await analyzeCapture('6.12-s2'));
  try {
    const columns = await db.query(`
      SELECT schema_name || '.' || table_name || '.' || column_name || ' ' || data_type AS line
      FROM duckdb_columns()
      WHERE NOT internal AND schema_name <> 'ftrace' AND table_name <> 'trace_events'
      ORDER BY schema_name, table_name, column_index`);
    return columns.map(({ line }) => `${line}\n`).join('');
  } finally {
    db.close();
  }
}

test('what is stored is what its version says', async () => {
  // When this fails, columns of tables or views have changed: raise SCHEMA_VERSION, run with -u, and remove the file of the
  // version before.
  await expect(await stored()).toMatchFileSnapshot(
    join(import.meta.dirname, `stored-version-${SCHEMA_VERSION}.txt`),
  );
});
