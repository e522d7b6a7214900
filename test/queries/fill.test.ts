import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureTables } from '../../queries/capture-tables.ts';
import { allTablesOf, databaseOf, openDatabase } from '../../queries/database.ts';
import { FOR_TIMELINES } from '../../queries/fill.ts';
import { openSaved, saveDatabase } from '../../queries/saved.ts';
import { analyzeCapture } from '../support/capture.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-fill-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the tables that the timelines read are those that are filled before them', () => {
  const sql = readFileSync(join(import.meta.dirname, '../../queries/schema/timeline.sql'), 'utf8');
  const read = new Set([...sql.matchAll(/\bmain\.(\w+)/g)].map(([, name]) => `main.${name}`));
  const named = [...FOR_TIMELINES].map((name) => (name.includes('.') ? name : `main.${name}`));
  expect(new Set(named)).toEqual(read);
});

test('timelines in a file are those in memory, also of tables that another thread handed over', async () => {
  const analysis = await analyzeCapture('6.12-s2');
  const facts = { id: 'abc', labels: new Map(), allEvents: false };
  const tables = allTablesOf(analysis, captureTables(analysis, facts));
  const ask = async (db: ReturnType<typeof databaseOf>) => {
    try {
      const lists = ['learned', 'steps', 'intervals', 'members'].map((name) =>
        db.query(`SELECT * FROM timeline.${name} ORDER BY ALL`),
      );
      return await Promise.all(lists);
    } finally {
      db.close();
    }
  };
  const inMemory = await ask(await openDatabase(analysis));
  for (const rows of inMemory) expect(rows.length).toBeGreaterThan(0);
  const path = join(folder, 'a.duckdb');
  await saveDatabase(path, structuredClone(tables));
  expect(await ask(databaseOf(await openSaved(path)))).toEqual(inMemory);
});
