import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { format, payload } from '../ingest/trace-dat/helpers.ts';
import { utf8, type WrittenPage, writeTrace } from '../ingest/trace-dat/writer.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'atscope');
const EVENTS = 150_000;
/** Times between two events, and how many stand on a page. */
const STEP = 500;
const PER_PAGE = 100;

const BUSY = format(
  'busy',
  900,
  [
    'u64 address;\toffset:8;\tsize:8;\tsigned:0;',
    's32 count;\toffset:16;\tsize:4;\tsigned:1;',
    'char name[12];\toffset:20;\tsize:12;\tsigned:1;',
  ],
  '"address=%llx count=%d name=%s", REC->address, REC->count, REC->name',
);
const RARE = format('rare', 901, ['u32 x;\toffset:8;\tsize:4;\tsigned:0;'], '"x=%u", REC->x');

/** More rows of one kind than a row group holds; addresses get wider and names more along the way. */
function pagesOf(cpu: number): WrittenPage[] {
  const pages: WrittenPage[] = [];
  for (let first = 0; first < EVENTS / 2; first += PER_PAGE) {
    const records = Array.from({ length: Math.min(PER_PAGE, EVENTS / 2 - first) }, (_, i) => {
      const n = first + i;
      const busy = payload(900, 40 + (n % 7), (writer) =>
        writer
          .int(n < 50_000 ? BigInt(n) : 0xffff888000000000n + BigInt(n), 8)
          .int(cpu - n, 4)
          .bytes(utf8(`name-${Math.floor(n / 900)}`.padEnd(12, '\0'))),
      );
      return {
        delta: i === 0 ? 0 : STEP,
        payload: n % 1000 === 999 ? payload(901, 40, (writer) => writer.int(n, 4)) : busy,
      };
    });
    pages.push({ time: BigInt(1_000_000_000 + first * STEP + cpu), records });
  }
  return pages;
}

let folder: string;
let trace: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-stream-'));
  trace = join(folder, 'trace.dat');
  const bytes = writeTrace({
    version: 7,
    compression: 'none',
    pageSize: 4096,
    systems: [{ name: 'test', formats: [BUSY, RARE] }],
    cmdlines: '40 sh\n41 two words\n',
    buffers: [{ name: '', cpus: [0, 1].map((cpu) => ({ cpu, pages: pagesOf(cpu) })) }],
  });
  writeFileSync(trace, bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  // An answer that never comes must fail the test, not hold it up.
  const done = spawnSync(process.execPath, [BIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 100_000,
  });
  return { code: done.status, signal: done.signal, out: done.stdout, err: done.stderr };
}

function ask(database: string, sql: string): unknown {
  return JSON.parse(run('query', database, sql, '--json').out);
}

describe('ingest of more rows than a batch holds', { timeout: 300_000 }, () => {
  it('writes while it reads what it else writes afterwards: rows, their order, columns and types', () => {
    expect(run('ingest', trace, '--all', '--db', 'streamed.duckdb')).toMatchObject({ code: 0, err: '' });
    // Files of another kind need all rows at once.
    const both = run('ingest', trace, '--all', '--db', 'whole.duckdb', '--arrow', 'arrow');
    expect(both).toMatchObject({ code: 0, err: '' });
    // Columns that are the same in every row say that the rows came in batches.
    const made = "SELECT sql LIKE '%GENERATED%' AS streamed FROM duckdb_tables() WHERE table_name = 'busy'";
    expect(ask('streamed.duckdb', made)).toEqual([{ streamed: availableParallelism() > 1 }]);
    expect(ask('whole.duckdb', made)).toEqual([{ streamed: false }]);
    for (const sql of [
      'SELECT count(*) AS n, min(seq) AS first, sum(hash(rowid, t::VARCHAR)) AS rows FROM ftrace.busy t',
      'SELECT count(*) AS n, sum(hash(rowid, t::VARCHAR)) AS rows FROM ftrace.rare t',
      `SELECT table_name, column_name, CASE WHEN data_type LIKE 'ENUM%' THEN 'VARCHAR' ELSE data_type END AS type, comment
       FROM duckdb_columns() WHERE schema_name = 'ftrace' ORDER BY ALL`,
      'SELECT * FROM sources',
    ])
      expect(ask('streamed.duckdb', sql)).toEqual(ask('whole.duckdb', sql));
    expect(ask('streamed.duckdb', 'SELECT count(*) AS n FROM ftrace.busy')).toEqual([{ n: '149850' }]);
  });

  it('leaves nothing behind when the place cannot be written', () => {
    const before = readdirSync(folder);
    const { code, err } = run('ingest', trace, '--all', '--db', join('missing', 'x.duckdb'));
    expect([code, err]).toEqual([2, expect.stringContaining('cannot write it')]);
    expect(readdirSync(folder)).toEqual(before);
  });
});
