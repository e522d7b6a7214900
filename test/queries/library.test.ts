import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCheck, runCheck } from '../../queries/checks.ts';
import { type Database, openDatabase } from '../../queries/database.ts';
import { libraryDocument } from '../../queries/document.ts';
import { LIBRARY, type LibraryItem, parseLibraryItem, signatureOf } from '../../queries/library.ts';
import { analyzeCapture } from '../support/capture.ts';

let db: Database;
beforeAll(async () => {
  db = await openDatabase(await analyzeCapture('6.12-s2'));
});
afterAll(() => db.close());

/** The types of the item's columns, or that of its value, as DuckDB derives them. */
async function derivedTypes(item: LibraryItem): Promise<unknown[]> {
  const literals = item.parameters.map(({ type }) => (type === 'VARCHAR' ? "'0000:01:00.2'" : `1::${type}`));
  const call = item.kind === 'view' ? item.name : `${item.name}(${literals.join(', ')})`;
  const sql = item.kind === 'macro' ? `SELECT ${call} AS v` : `SELECT * FROM ${call}`;
  const rows = await db.query(`DESCRIBE ${sql}`);
  return rows.map(
    (row) =>
      // An ENUM behaves as text.
      `${item.kind === 'macro' ? '' : `${row.column_name} `}${String(row.column_type).replace(/^ENUM\(.*$/, 'VARCHAR')}`,
  );
}

describe.each(LIBRARY)('$kind $name', (item) => {
  test('has the columns and types it documents', async () => {
    const documented =
      item.kind === 'macro' ? [item.returns] : item.columns.map(({ name, type }) => `${name} ${type}`);
    expect(await derivedTypes(item)).toEqual(documented);
    for (const parameter of item.parameters) expect(parameter.type).toBeDefined();
  });

  test('its example runs, gives the same each time, and orders its rows', async () => {
    const rows = await db.query(item.example);
    expect(await db.query(item.example)).toEqual(rows);
    if (item.kind !== 'macro') expect(item.example).toContain('ORDER BY');
  });

  test('its doc is a comment in the database', async () => {
    const [source, name] =
      item.kind === 'view' ? ['duckdb_views()', 'view_name'] : ['duckdb_functions()', 'function_name'];
    const rows = await db.query(
      `SELECT DISTINCT comment FROM ${source} WHERE ${name} = '${item.name}' AND NOT internal`,
    );
    expect(rows).toEqual([{ comment: item.doc }]);
  });
});

async function value(sql: string): Promise<unknown> {
  const [row] = await db.query(`SELECT ${sql} AS v`);
  return row.v;
}

describe('what the library answers', () => {
  test.each([
    ['1:0.1', '0000:01:00.1'],
    ['01:00.1', '0000:01:00.1'],
    [' 0000:AB:1F.7 ', '0000:ab:1f.7'],
    ['10000:01:00.0', '10000:01:00.0'],
    ['1:20.1', null],
    ['01:00.8', null],
    ["1'; DROP TABLE findings", null],
    ['', null],
  ])('bdf(%j) is %j', async (text, canonical) => {
    const [row] = await db.query('SELECT bdf($text) AS v', { text });
    expect(row.v).toBe(canonical);
  });

  test('requester ids go back and forth', async () => {
    expect(await value("rid_of('0000:01:00.1')")).toBe(257);
    expect(await value("bdf_of_rid(segment_of('0001:02:1f.7'), rid_of('0001:02:1f.7'))")).toBe(
      '0001:02:1f.7',
    );
  });

  test('times, sizes, errors', async () => {
    expect(await value('seconds(25590847000)')).toBe('25.590847000');
    expect(await value('seconds(-1)')).toBe('-0.000000001');
    expect(await value('page_bytes(13)')).toBe(8192n);
    expect(await value('[error_name(0), error_name(-22), error_name(-9999), error_name(NULL)]')).toEqual([
      'ok',
      'EINVAL',
      '-9999',
      null,
    ]);
  });

  test('registers', async () => {
    expect(await value("decode_ats_control('0x8001')")).toEqual({ enable: true, stu: 1, page_shift: 13 });
    expect(await value('decode_ats_capability(96)')).toEqual({
      queue_depth: 32,
      page_aligned: true,
      global_invalidate: true,
      relaxed_ordering: false,
    });
    expect(await value('decode_pasid_control(5)')).toEqual({ enable: true, exec: false, priv: true });
    expect(await value('decode_pri_control(3)')).toEqual({ enable: true, reset: true });
    expect(await value("decode_pri_status('0x8101')")).toEqual({
      response_failure: true,
      unexpected_index: false,
      stopped: true,
      pasid_required: true,
    });
  });

  test('trace_events has every event of every kind', async () => {
    const [{ n }] = await db.query('SELECT count(*) AS n FROM trace_events');
    const [{ sum }] = await db.query(
      "SELECT sum(estimated_size)::BIGINT AS sum FROM duckdb_tables() WHERE schema_name = 'ftrace'",
    );
    expect(n).toBe(sum);
    expect(n).toBeGreaterThan(50n);
  });

  test('the VF whose enable was refused: state, calls, first divergence', async () => {
    const failed = await db.query("SELECT * FROM calls WHERE outcome = 'EINVAL' ORDER BY call");
    expect(failed.length).toBeGreaterThan(0);
    const [{ at }] = await db.query('SELECT max(time_ns) AS at FROM ats_events');
    const state = await db.query(
      "SELECT layer, value FROM state_at($at) WHERE \"function\" = '0000:01:00.1' AND field = 'en' ORDER BY layer",
      { at: at as bigint },
    );
    expect(state.map((row) => row.layer)).toContain('core');
    expect(await db.query('SELECT * FROM state_at(0)')).toEqual([]);
  });

  test('near gives trace, log and model around an instant, and nothing outside', async () => {
    const rows = await db.query('SELECT * FROM near(25591800000, 500000000)');
    expect(new Set(rows.map((row) => row.what))).toEqual(new Set(['trace', 'log', 'model']));
    for (const row of rows) expect(Math.abs(Number(row.distance_ns))).toBeLessThanOrEqual(500_000_000);
  });

  test('family finds the PF from a VF in any spelling', async () => {
    const rows = await db.query('SELECT DISTINCT "function" FROM family(\'1:0.2\') ORDER BY "function"');
    expect(rows.map((row) => row.function)).toContain('0000:01:00.0');
    expect(await db.query("SELECT * FROM family('nonsense')")).toEqual([]);
  });

  test('evidence_of names input and line', async () => {
    const rows = await db.query('SELECT place FROM evidence_of(0) ORDER BY position');
    expect(rows[0].place).toMatch(/trace\.txt:\d+$/);
  });
});

test('a library file needs kind, doc and example', () => {
  expect(() => parseLibraryItem('x', '-- kind: view\n-- doc: D.\nSELECT 1')).toThrow(/needs a kind/);
  expect(() => parseLibraryItem('x', '-- sort: view\nSELECT 1')).toThrow(/unknown key "sort"/);
  expect(signatureOf(LIBRARY.find((item) => item.name === 'near') as LibraryItem)).toBe(
    'near(at_ns, within_ns)',
  );
});

test('docs/library.md is what the headers say', () => {
  expect(readFileSync('docs/library.md', 'utf8')).toBe(libraryDocument());
});

test('the check in docs/sql.md is one', async () => {
  const [, text] = /```sql\n(-- id:[\s\S]*?)```/.exec(readFileSync('docs/sql.md', 'utf8')) as RegExpExecArray;
  const { check } = await runCheck(db.engine, parseCheck('slow.check.sql', text), 5);
  expect(check).toMatchObject({ id: 'SITE001', name: 'slow', severity: 'warning' });
});
