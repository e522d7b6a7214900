import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC as tableFromArrow } from '@uwdata/flechette';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layOut } from '../../cli/query-table.ts';
import { captureInputs } from '../support/capture.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'atscope');
const INPUTS = captureInputs('6.12-s2');
const [TRACE] = INPUTS;

let folder: string;
let saved: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-query-'));
  saved = join(folder, 'main.duckdb');
  expect(run(['ingest', ...INPUTS, '--db', saved])).toMatchObject({ code: 0, err: '' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], options: { shell?: string } = {}) {
  const env = { ...process.env, NO_COLOR: '', FORCE_COLOR: '' };
  const command = [process.execPath, BIN, ...args];
  const [program, ...rest] = options.shell ? ['sh', '-c', options.shell, ...command] : command;
  const done = spawnSync(program, rest, { cwd: folder, input: '', env, maxBuffer: 1 << 26 });
  const { status: code, signal, stdout: bytes } = done;
  return { code, signal, out: bytes.toString(), bytes, err: done.stderr.toString() };
}

function query(sql: string, ...flags: string[]) {
  return run(['query', saved, sql, ...flags]);
}

/** As in JSON answers: integers of 64 bits are text. */
function big(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** What is left in the folder that no test made. */
function leftovers(): string[] {
  return readdirSync(folder).filter((name) => name.includes('.part'));
}

describe('query', { timeout: 60_000 }, () => {
  it('gives the same of a saved database as of the recordings themselves', () => {
    for (const sql of [
      'SELECT * FROM findings ORDER BY finding',
      'SELECT * FROM near(25591800000, 1000000) ORDER BY time_ns, what, source, line',
      'SELECT comm, count(*) AS n FROM ftrace.cfg_write16 GROUP BY comm ORDER BY comm::VARCHAR',
    ]) {
      const direct = run(['query', ...INPUTS, sql, '--format', 'csv']);
      expect(direct.code).toBe(0);
      expect(direct.out).toBe(query(sql, '--format', 'csv').out);
    }
  });

  it('a table, with the number of rows', () => {
    const { code, out } = query('SELECT rule, finding FROM findings ORDER BY finding LIMIT 1');
    expect([code, out]).toEqual([0, 'rule    finding\n------  -------\nATS004        0\n1 row\n']);
  });

  it('a table that does not fit says what is missing', () => {
    const { out } = query('SELECT * FROM ats_events ORDER BY event', '--width', '70', '--rows', '3');
    const lines = out.split('\n');
    expect(lines.slice(2, 5).every((line) => line.length <= 70)).toBe(true);
    expect(out).toMatch(/! \d+ more rows are not shown; --rows 0 shows all\./);
    expect(out).toMatch(/! \d+ columns do not fit and are not shown: .*line\./);
    expect(out).toContain('--width 0 shows everything');
  });

  it('columns share the width; numbers are never cut', () => {
    expect(layOut([5, 30, 10], [false, false, true], 0)).toEqual([5, 30, 10]);
    expect(layOut([5, 60, 10], [false, false, true], 40)).toEqual([5, 21, 10]);
    expect(layOut([40, 40, 40], [false, false, false], 30)).toEqual([14, 14]);
    expect(layOut([40], [false], 10)).toEqual([10]);
  });

  it('CSV, JSON, NDJSON and Markdown', () => {
    const sql = `SELECT 9007199254740993 AS big, 'a"b,c' AS "text", NULL AS none, [1, 2] AS list, 0.5::DOUBLE AS real`;
    expect(query(sql, '--format', 'csv').out).toBe(
      'big,text,none,list,real\n9007199254740993,"a""b,c",,"[1, 2]",0.5\n',
    );
    const row = { big: '9007199254740993', text: 'a"b,c', none: null, list: [1, 2], real: 0.5 };
    expect(JSON.parse(query(sql, '--json').out)).toEqual([row]);
    expect(JSON.parse(query(sql, '--format', 'ndjson').out)).toEqual(row);
    expect(query("SELECT '|<b>*' AS x", '--format', 'markdown').out).toBe(
      '| x |\n| --- |\n| \\|&lt;b>\\* |\n',
    );
    expect(query('SELECT 1 AS x WHERE false', '--json').out).toBe('[]\n');
  });

  it('bytes of a recording act neither on a terminal nor on a spreadsheet', () => {
    const sql = "SELECT chr(27) || '[31m' AS x, '=cmd()' AS y, '-5' AS z, 'a' || chr(10) || 'b' AS w";
    expect(query(sql).out).toContain('\\x1b[31m');
    expect(query(sql, '--format', 'markdown').out).toContain('\\\\x1b');
    expect(query(sql, '--format', 'csv').out).toContain(`'=cmd(),-5,"a\nb"`);
    expect(query(sql, '--json').out).toContain('\\u001b[31m');
  });

  it('Arrow and Parquet read back equal', () => {
    const sql =
      'SELECT event, time_ns, "function", is_write FROM (SELECT *, event % 2 = 0 AS is_write FROM ats_events) ORDER BY event';
    const arrow = tableFromIPC(query(sql, '--format', 'arrow').bytes);
    const rows = JSON.parse(query(sql, '--json').out);
    expect(arrow.toArray().map((row) => JSON.parse(JSON.stringify(row.toJSON(), big)))).toEqual(rows);
    const file = join(folder, 'events.parquet');
    expect(query(sql, '--format', 'parquet', '--out', file).code).toBe(0);
    expect(JSON.parse(query(`FROM '${file}'`, '--json', '--allow-files').out)).toEqual(rows);
    expect(tableFromIPC(query('SELECT 1 AS x WHERE false', '--format', 'arrow').bytes).schema.names).toEqual([
      'x',
    ]);
  });

  it('named queries and parameters', () => {
    expect(run(['query', '--list']).out).toContain('findings');
    expect(JSON.parse(run(['query', '--list', '--json']).out).length).toBeGreaterThanOrEqual(20);
    expect(run(['query', saved, '--name', 'families']).out).toContain('0000:01:00.0');
    expect(run(['query', saved, '--name', 'timeline-lanes', '--param', 'family=0000:01:00.0']).code).toBe(0);
    expect(query('SELECT $a + 1 AS x', '--param', 'a=41', '--format', 'csv').out).toBe('x\n42\n');
    for (const args of [
      [saved, '--name', 'nonsense'],
      [saved, '--name', 'timeline-lanes'],
      [saved, '--name', 'families', '--param', 'x=1'],
      [saved, 'SELECT $a'],
      [saved, 'SELECT 1', '--param', 'a=1'],
      [saved, 'SELECT 1', '--param', 'a'],
    ]) {
      const { code, err } = run(['query', ...args]);
      expect([args, code, err.trim().split('\n').length]).toEqual([args, 2, 1]);
    }
  });

  it('2 for usage and bad SQL, 3 for inputs, each with a reason', () => {
    const foreign = join(folder, 'damaged.duckdb');
    const bytes = readFileSync(saved).subarray(0, 5000);
    writeFileSync(foreign, bytes);
    const cases: [number, RegExp, string[]][] = [
      [2, /SELEC begins no statement/, [saved, 'SELEC 1']],
      [2, /nowhere does not exist/, [saved, 'FROM nowhere']],
      [2, /--format/, [saved, 'SELECT 1', '--format', 'xls']],
      [2, /--out FILE/, [saved, 'SELECT 1', '--format', 'parquet']],
      [2, /--memory/, [saved, 'SELECT 1', '--memory', 'lots']],
      [2, /--threads/, [saved, 'SELECT 1', '--threads', '0']],
      [2, /--time-limit/, [saved, 'SELECT 1', '--time-limit', 'x']],
      [2, /needs a database or recordings/, []],
      [2, /neither a file nor SQL/, ['missing.txt']],
      [2, /is a database; it is asked alone/, [saved, TRACE, 'SELECT 1']],
      [2, /no SQL/, [saved]],
      [3, /missing\.txt/, ['missing.txt', 'SELECT 1']],
      [3, /cannot be opened as a database/, [foreign, 'SELECT 1']],
    ];
    for (const [code, reason, args] of cases) {
      const done = run(['query', ...args]);
      expect([args, done.code]).toEqual([args, code]);
      expect(done.err).toMatch(reason);
      expect(done.err).not.toMatch(/\n {4}at /);
    }
  });

  it('attacks end with 2 within the limit and leave nothing behind', () => {
    const out = join(folder, 'stolen');
    for (const sql of [
      `COPY findings TO '${out}'`,
      "SELECT * FROM read_csv('/etc/passwd')",
      'WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r',
      'SELECT count(*) FROM range(10000000000) a, range(10000000000) b',
    ]) {
      const start = Date.now();
      const { code, err } = query(sql, '--time-limit', '1', '--memory', '200MB');
      expect([sql, code]).toEqual([sql, 2]);
      expect(err).toMatch(/^atscope: (refused|query): /);
      // The limit, the last resort ten seconds later, and a slow machine.
      expect(Date.now() - start).toBeLessThan(30_000);
    }
    expect(existsSync(out)).toBe(false);
    const parquet = query(
      `SELECT 1) TO '${out}' --`,
      '--format',
      'parquet',
      '--out',
      join(folder, 'p.parquet'),
    );
    expect(parquet.code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  it('--out: whole or not at all, and never over a file without --force', () => {
    const file = join(folder, 'answer.csv');
    expect(query('SELECT 1 AS x', '--format', 'csv', '--out', file).code).toBe(0);
    expect(query('SELECT 2 AS x', '--format', 'csv', '--out', file).err).toContain('--force');
    expect(query('SELECT 2 AS x', '--format', 'csv', '--out', file, '--force').code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('x\n2\n');
    const failed = query(
      "SELECT error('no') FROM range(1)",
      '--format',
      'csv',
      '--out',
      join(folder, 'b.csv'),
    );
    expect(failed.code).toBe(2);
    const full = 'trap "" XFSZ; ulimit -f 64; exec "$0" "$@"';
    for (const format of ['csv', 'arrow', 'parquet', 'ndjson']) {
      const args = [
        'query',
        saved,
        'FROM range(1000000)',
        '--format',
        format,
        '--out',
        join(folder, 'c.csv'),
      ];
      const done = run(args, { shell: full });
      expect([format, done.code, done.err.trim().split('\n')]).toEqual([
        format,
        2,
        [expect.stringContaining('too large')],
      ]);
    }
    const redirected = run(['query', saved, 'FROM range(1000000)', '--format', 'csv'], {
      shell: full.replace('"$@"', '"$@" >cut.csv'),
    });
    expect([redirected.code, redirected.err]).toEqual([
      2,
      'atscope: standard output: cannot write it (the file would be too large). What was written is not complete.\n',
    ]);
    expect(query('SELECT 1', '--out', join(folder, 'no', 'x')).err).toContain('the directory does not exist');
    expect(existsSync(join(folder, 'b.csv')) || existsSync(join(folder, 'c.csv'))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('a plan is shown as the drawing it is', () => {
    expect(query('EXPLAIN SELECT 1 AS x').out).toMatch(/^┌─+┐\n/);
  });

  it('Ctrl-C stops the query and leaves no half file', async () => {
    const file = join(folder, 'interrupted.csv');
    const child = spawn(process.execPath, [
      BIN,
      'query',
      saved,
      'FROM range(10000000000)',
      '--format',
      'csv',
      '--out',
      file,
    ]);
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect([code, err]).toEqual([130, 'atscope: query: cancelled.\n']);
    expect(existsSync(file)).toBe(false);
    expect(leftovers()).toEqual([]);
  });
});

describe('what cannot be stopped', { timeout: 120_000 }, () => {
  it('a call of one function on a huge value ends the program soon, and leaves no file', () => {
    const file = join(folder, 'huge.csv');
    const sql = "SELECT length(repeat('x', 4000000000)) AS n";
    const done = query(sql, '--memory', '100MB', '--out', file, '--format', 'csv');
    expect([done.code, done.signal]).toEqual([null, 'SIGKILL']);
    expect(done.err).toBe(
      'atscope: the query took more memory than it may, in one call that cannot be stopped; the program ends itself.\n',
    );
    expect(existsSync(file)).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('what the engine counts is an error, whatever it is', () => {
    const done = query(
      'SELECT count(DISTINCT a.range * b.range) AS n FROM range(100000) a, range(1000) b',
      '--memory',
      '60MB',
    );
    expect([done.code, done.err]).toEqual([2, expect.stringContaining('needs more memory than it may use')]);
  });
});

describe('ingest', { timeout: 60_000 }, () => {
  it('writes all places at once, and what they hold is equal to four readers', async () => {
    const [db, dataset, arrow] = ['all.duckdb', 'dataset', 'arrow'].map((name) => join(folder, name));
    const done = run([
      'ingest',
      ...INPUTS,
      '--db',
      db,
      '--parquet',
      dataset,
      '--arrow',
      arrow,
      '--label',
      'board=x',
      '--json',
    ]);
    const { capture, tables } = JSON.parse(done.out);
    expect(tables.find((table: { name: string }) => table.name === 'findings').rows).toBeGreaterThan(0);
    for (const { name, rows } of tables) {
      const quoted = name
        .split('.')
        .map((part: string) => `"${part}"`)
        .join('.');
      const sql = `SELECT * EXCLUDE (x) FROM (SELECT *, 1 AS x FROM ${quoted})`;
      const fromArrow = tableFromIPC(readFileSync(join(arrow, `${name}.arrow`)));
      expect([name, fromArrow.numRows]).toEqual([name, rows]);
      if (!['findings', 'ats_events', 'ftrace.pci_enable_ats', 'sources'].includes(name)) continue;
      const expected = JSON.parse(run(['query', db, sql, '--json']).out);
      const file = join(dataset, name, `capture=${capture}`, 'data.parquet');
      const parquet = `SELECT * FROM read_parquet('${file}', hive_partitioning = false)`;
      expect(JSON.parse(run(['query', db, parquet, '--json', '--allow-files']).out)).toEqual(expected);
      const plain = (rows: unknown) => JSON.parse(JSON.stringify(rows, big));
      expect(plain(fromArrow.toArray().map((row) => row.toJSON()))).toEqual(expected);
      // Readers of other makers, who share no code with the writers.
      const other = tableFromArrow(readFileSync(join(arrow, `${name}.arrow`)), { useBigInt: true });
      expect(plain(other.toArray())).toEqual(expected);
      const bytes = readFileSync(file);
      const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
      expect(plain(await parquetReadObjects({ file: buffer, compressors }))).toEqual(expected);
    }
  });

  it('the id of a capture is that of its bytes, whatever the order and the names', () => {
    const id = (...inputs: string[]) => query0('SELECT capture FROM captures', ...inputs);
    expect(id(...INPUTS)).toBe(id(...INPUTS.toReversed()));
    expect(id(...INPUTS)).not.toBe(id(TRACE));
  });

  it('--all stores every kind of event', () => {
    const count = (...flags: string[]) =>
      Number(query0('SELECT count(*) AS n FROM trace_events', ...INPUTS, ...flags));
    expect(count('--all')).toBeGreaterThan(count());
  });

  it('existing places, places that cannot be written, and full disks', () => {
    const file = join(folder, 'plain');
    writeFileSync(file, 'precious');
    mkdirSync(join(folder, 'others'));
    writeFileSync(join(folder, 'others', 'precious'), 'x');
    const cases: [RegExp, string[], string?][] = [
      [/--db FILE/, []],
      [/exists already.*--force/, ['--db', saved]],
      [/does not exist/, ['--db', join(folder, 'no', 'x.duckdb')]],
      [/in the way|does not exist/, ['--db', join(file, 'x.duckdb')]],
      [/is a directory/, ['--db', join(folder, 'others'), '--force']],
      [/holds something else/, ['--parquet', join(folder, 'others')]],
      [/holds something else/, ['--arrow', join(folder, 'others'), '--force']],
      [/is a file/, ['--arrow', file, '--force']],
      [/expected name=value/, ['--db', join(folder, 'y'), '--label', 'x']],
      [/more memory.*--memory SIZE/, ['--db', join(folder, 'lean.duckdb'), '--memory', '2MB']],
      [
        /too large|no space/,
        ['--db', join(folder, 'full.duckdb')],
        'trap "" XFSZ; ulimit -f 64; exec "$0" "$@"',
      ],
      [/too large|no space/, ['--arrow', join(folder, 'full')], 'trap "" XFSZ; ulimit -f 4; exec "$0" "$@"'],
      [
        /too large|no space/,
        ['--parquet', join(folder, 'full')],
        'trap "" XFSZ; ulimit -f 4; exec "$0" "$@"',
      ],
    ];
    for (const [reason, flags, shell] of cases) {
      const { code, err } = run(['ingest', ...INPUTS, ...flags], { shell });
      expect([flags, code]).toEqual([flags, 2]);
      expect(err).toMatch(reason);
      expect(err.trim().split('\n')).toHaveLength(1);
    }
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(readdirSync(join(folder, 'others'))).toEqual(['precious']);
    expect(existsSync(join(folder, 'full')) || existsSync(join(folder, 'full.duckdb'))).toBe(false);
    expect(leftovers()).toEqual([]);
  });
});

/** The first value of an answer about recordings. */
function query0(sql: string, ...args: string[]): string {
  const flags = args.filter((arg) => arg.startsWith('--'));
  const inputs = args.filter((arg) => !arg.startsWith('--'));
  return run(['query', ...inputs, sql, '--format', 'csv', ...flags]).out.split('\n')[1];
}

describe('schema', { timeout: 60_000 }, () => {
  it('lists everything, and tells one thing in three forms', () => {
    expect(run(['schema']).out).toMatch(/findings +What the rules found\./);
    expect(run(['schema', 'near']).out).toContain('near(at_ns, within_ns)');
    const { columns } = JSON.parse(run(['schema', 'findings', '--json']).out);
    expect(columns[0]).toEqual({
      name: 'finding',
      type: 'UINTEGER',
      unit: null,
      nullable: false,
      doc: expect.any(String),
    });
    expect(run(['schema', 'captures', '--markdown']).out).toContain('| `capture` | VARCHAR |');
    expect(run(['schema', '--markdown']).out).toBe(readFileSync('docs/schema.md', 'utf8'));
    expect(run(['schema', 'ftrace.pci_enable_ats']).out).toContain('time_ns');
    const { code, err } = run(['schema', 'finding']);
    expect([code, err]).toEqual([2, expect.stringContaining('did you mean findings')]);
  });
});
