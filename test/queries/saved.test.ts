import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analysis } from '../../model/analysis.ts';
import { ask } from '../../queries/answer.ts';
import { captureTables } from '../../queries/capture-tables.ts';
import { allTablesOf } from '../../queries/database.ts';
import { openEngine } from '../../queries/engine.ts';
import { LIBRARY } from '../../queries/library.ts';
import { isSavedDatabase, openSaved, saveDatabase } from '../../queries/saved.ts';
import { textRows } from '../../queries/values.ts';
import { rowsOf, SCHEMA_VERSION, type Table } from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';

let folder: string;
let analysis: Analysis;
let tables: readonly Table[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-saved-'));
  analysis = await analyzeCapture('6.12-s2');
  const facts = { id: 'abc', labels: new Map([['board', 'x']]), allEvents: false };
  tables = allTablesOf(analysis, captureTables(analysis, facts));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file named like a schema: its name must not matter. */
async function saved(name = 'ftrace.duckdb'): Promise<string> {
  const path = join(folder, name);
  rmSync(path, { force: true });
  await saveDatabase(path, tables, { threads: 2 });
  return path;
}

async function rows(path: string, sql: string): Promise<(string | null)[][]> {
  const engine = await openSaved(path);
  try {
    return await ask(engine, sql, {}, async (answer) => {
      const all: (string | null)[][] = [];
      for await (const chunk of answer.chunks) all.push(...textRows(chunk));
      return all;
    });
  } finally {
    engine.close();
  }
}

test('every table and the whole library are in the file, and nothing beside it', async () => {
  const path = await saved();
  expect(isSavedDatabase(path)).toBe(true);
  expect(existsSync(`${path}.wal`)).toBe(false);
  expect(await rows(path, 'SELECT rule FROM findings ORDER BY finding')).toEqual(
    rowsOf(analysis.findings).map((row) => [row.rule]),
  );
  for (const item of LIBRARY) await rows(path, item.example);
  expect(await rows(path, 'SELECT capture, label, value FROM capture_labels')).toEqual([
    ['abc', 'board', 'x'],
  ]);
});

test('it is read only, behind closed doors', async () => {
  const path = await saved();
  for (const sql of ['DELETE FROM findings', "FROM read_text('/etc/passwd')"])
    await expect(rows(path, sql)).rejects.toThrow(/not allowed|no access/);
});

test('tables of another version are refused with advice', async () => {
  const path = await saved('version.duckdb');
  for (const [version, advice] of [
    [
      SCHEMA_VERSION + 1,
      new RegExp(
        `written by atscope test with tables of version ${SCHEMA_VERSION + 1}.*knows version ${SCHEMA_VERSION}`,
      ),
    ],
    [
      SCHEMA_VERSION - 1,
      new RegExp(`older than ${SCHEMA_VERSION}: columns may be missing\\. Ingest the recording again`),
    ],
  ] as const) {
    const engine = await openEngine({ path });
    await engine.connection.run(`UPDATE main.captures SET schema_version = ${version}`);
    engine.close();
    await expect(openSaved(path)).rejects.toThrow(advice);
  }
});

test('a database of something else, a damaged one, and a file that is none', async () => {
  const foreign = join(folder, 'foreign.duckdb');
  const engine = await openEngine({ path: foreign });
  await engine.connection.run('CREATE TABLE t AS SELECT 1 AS x');
  engine.close();
  await expect(openSaved(foreign)).rejects.toThrow(/none that "atscope ingest" wrote/);
  const damaged = join(folder, 'damaged.duckdb');
  writeFileSync(damaged, Buffer.concat([Buffer.alloc(8), Buffer.from('DUCK'), Buffer.alloc(9000)]));
  await expect(openSaved(damaged)).rejects.toThrow(/cannot be opened|newer program/);
  const text = join(folder, 'text.txt');
  writeFileSync(text, 'hello');
  expect(isSavedDatabase(text)).toBe(false);
});
