import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskOptions, ask } from '../../queries/answer.ts';
import { type Database, openDatabase } from '../../queries/database.ts';
import { guardStatement } from '../../queries/guard.ts';
import { QueryError } from '../../queries/query-error.ts';
import { splitStatements } from '../../queries/statements.ts';
import { textRows } from '../../queries/values.ts';
import { sampleAnalysis, sampleEvents } from '../reports/sample.ts';

let db: Database;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-sql-'));
  writeFileSync(join(folder, 'secret.csv'), 'a\n1\n');
  db = await openDatabase(sampleAnalysis({ events: [sampleEvents()] }), { memoryLimit: '200MB', threads: 2 });
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

async function rows(sql: string, options: AskOptions = {}): Promise<(string | null)[][]> {
  return ask(db.engine, sql, options, async (answer) => {
    const all: (string | null)[][] = [];
    for await (const chunk of answer.chunks) all.push(...textRows(chunk));
    return all;
  });
}

/** The kind of refusal, and how long it took. */
async function refusal(
  sql: string,
  options: AskOptions = {},
): Promise<{ kind: string; message: string; ms: number }> {
  const start = Date.now();
  try {
    await rows(sql, options);
  } catch (error) {
    if (error instanceof QueryError)
      return { kind: error.kind, message: error.message, ms: Date.now() - start };
    throw error;
  }
  throw new Error(`not refused: ${sql}`);
}

describe('what SQL may do', () => {
  test.each([
    ['SELECT 1', [['1']]],
    ['select 1;', [['1']]],
    ['-- a comment; with a semicolon\nSELECT 1 /* and /* nested; */ */', [['1']]],
    ["SELECT 'a;b', $$c;d$$", [['a;b', 'c;d']]],
    ['(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1', [['1'], ['2']]],
    ['WITH a AS (SELECT 1 AS x) SELECT x FROM a', [['1']]],
    ['VALUES (1, NULL)', [['1', null]]],
    ['FROM (VALUES (1)) t', [['1']]],
    ['SELECT "a;b" FROM (SELECT 3 AS "a;b")', [['3']]],
    ['PIVOT (SELECT 1 AS k, 2 AS v) ON k IN (1) USING sum(v)', [['2']]],
  ])('%s', async (sql, expected) => {
    expect(await rows(sql)).toEqual(expected);
  });

  test.each([
    'DESCRIBE findings',
    'SHOW TABLES',
    'SUMMARIZE findings',
    'EXPLAIN SELECT 1',
    'EXPLAIN ANALYZE SELECT 1',
  ])('%s', async (sql) => {
    expect((await rows(sql)).length).toBeGreaterThan(0);
  });

  test('parameters are values, never SQL', async () => {
    const hostile = "'; DROP TABLE findings; --";
    expect(await rows('SELECT $a AS a', { parameters: { a: hostile } })).toEqual([[hostile]]);
    expect(await refusal('SELECT $a')).toMatchObject({
      kind: 'sql',
      message: expect.stringContaining('--param a='),
    });
    expect(await refusal('SELECT 1', { parameters: { b: 1 } })).toMatchObject({ kind: 'sql' });
  });
});

describe('what SQL may not do', () => {
  test.each([
    "COPY findings TO 'out.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "EXPLAIN ANALYZE COPY findings TO 'out.csv'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM parquet_metadata('/etc/passwd')",
    "SELECT * FROM read_parquet('https://example.com/x.parquet')",
    "ATTACH '/tmp/x.db'",
    "ATTACH ':memory:' AS other",
    'DETACH memory',
    'INSTALL httpfs',
    'LOAD httpfs',
    'FORCE INSTALL httpfs',
    'UPDATE EXTENSIONS',
    'PRAGMA database_list',
    'PRAGMA enable_profiling',
    "PRAGMA profiling_output='x'",
    'PRAGMA memory_limit=-1',
    'SET enable_external_access = true',
    'RESET memory_limit',
    'SET VARIABLE a = 1',
    "CALL enable_logging(storage='file')",
    "SELECT * FROM enable_logging(storage='file')",
    "SELECT * FROM query('SELECT 1')",
    'SELECT * FROM "query" (\'SELECT 1\')',
    "SELECT * FROM json_execute_serialized_sql('{}')",
    'CHECKPOINT',
    'SELECT * FROM checkpoint()',
    "EXPORT DATABASE 'd'",
    "IMPORT DATABASE 'd'",
    'DROP TABLE findings',
    'DELETE FROM findings',
    'INSERT INTO findings SELECT * FROM findings',
    'CREATE TABLE t AS SELECT 1',
    'CREATE TEMP MACRO m() AS 1',
    'EXPLAIN ANALYZE DELETE FROM findings',
    'EXPLAIN (FORMAT json) DELETE FROM findings',
    'WITH a AS (SELECT 1) DELETE FROM findings',
    'BEGIN',
    'COMMIT',
    'USE memory',
    'PREPARE p AS SELECT 1',
    'CREATE SECRET s (TYPE s3)',
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE findings',
  ])('%s', async (sql) => {
    const { kind, ms } = await refusal(sql);
    expect(['refused', 'sql']).toContain(kind);
    expect(ms).toBeLessThan(2000);
  });

  test('nothing of it left a trace', async () => {
    expect(await rows('SELECT count(*) FROM findings')).toEqual([[String(sampleAnalysis().findings.length)]]);
    expect(existsSync('out.csv')).toBe(false);
  });

  test('neither no statement, nor an open one, nor a wrong one', async () => {
    for (const sql of [
      '',
      ';;',
      '-- nothing',
      "SELECT 'open",
      'SELECT /* open',
      'SELECT "open',
      'SELECT * FROM nowhere',
    ])
      expect([sql, (await refusal(sql)).kind]).toEqual([sql, 'sql']);
  });
});

describe('limits', () => {
  test.each([
    'WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r',
    'WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT * FROM r',
    'SELECT count(*) FROM range(100000000) a, range(100000000) b',
    'SELECT sum(a.range * b.range) FROM range(1000000000) a, range(1000000000) b WHERE a.range <> b.range',
    'SELECT * FROM range(10000000000) a, range(1000000000) b ORDER BY 1 DESC, 2',
    'SELECT list(range) FROM range(1000000000)',
  ])('%s', async (sql) => {
    const { kind, message, ms } = await refusal(sql, { timeLimit: 1 });
    expect(kind).toBe('limit');
    expect(message).toMatch(/--time-limit|--memory/);
    expect(ms).toBeLessThan(6000);
  });

  test('after all of it the database still answers', async () => {
    expect(await rows('SELECT count(*) FROM findings')).toHaveLength(1);
  });

  test('a signal cancels', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const endless = 'SELECT count(*) FROM range(100000000000) a, range(3) b WHERE a.range % 7 = b.range';
    expect(await refusal(endless, { signal: controller.signal, timeLimit: 20 })).toMatchObject({
      kind: 'cancelled',
    });
    const gone = AbortSignal.abort();
    expect(await refusal('SELECT 1', { signal: gone })).toMatchObject({ kind: 'cancelled' });
  });

  test('an answer streams: its first rows come long before its last', async () => {
    const start = Date.now();
    await ask(db.engine, 'SELECT * FROM range(100000000000)', {}, async (answer) => {
      for await (const chunk of answer.chunks) {
        expect(chunk.rowCount).toBeGreaterThan(0);
        return;
      }
    });
    expect(Date.now() - start).toBeLessThan(2000);
    expect(await rows('SELECT 1')).toEqual([['1']]);
  });

  test('a stream that fails after its first rows is an error, never a short answer', async () => {
    const sql = "SELECT CASE WHEN range = $at THEN error('there') ELSE range END AS x FROM range(2000000)";
    expect(await refusal(sql, { parameters: { at: 1_500_000 } })).toMatchObject({
      kind: 'sql',
      message: expect.stringContaining('there'),
    });
    expect((await rows(sql, { parameters: { at: -1 } })).length).toBe(2_000_000);
  });

  test('an error of whoever takes the answer keeps its nature', async () => {
    const failure = new Error('disk full');
    await expect(ask(db.engine, 'SELECT 1', {}, () => Promise.reject(failure))).rejects.toBe(failure);
  });
});

describe('splitting into statements', () => {
  test('semicolons in literals, names and comments do not count', () => {
    const { statements, rest, open } = splitStatements(
      `SELECT ';', E'\\';', ";", $t$;$t$ -- ;\n, 1 /* ; */; FROM t`,
    );
    expect(statements).toHaveLength(1);
    expect(rest.text).toBe('FROM t');
    expect(open).toBe(false);
  });

  test('what is typed half is open', () => {
    for (const sql of ["SELECT 'a", 'SELECT "a', 'SELECT $$a', 'SELECT /* a', "SELECT 'a''"])
      expect([sql, splitStatements(sql).open]).toEqual([sql, true]);
  });

  test('files may be allowed; extensions and settings never', () => {
    expect(guardStatement("COPY t TO 'x'", true).text).toBe("COPY t TO 'x'");
    for (const sql of ['INSTALL httpfs', 'LOAD x', 'SET threads = 9', 'PRAGMA x', 'CALL x()'])
      expect(() => guardStatement(sql, true)).toThrow(QueryError);
  });
});
