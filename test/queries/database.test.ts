import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namedQuery, QUERY_NAMES } from '../../queries/catalog.ts';
import { type Database, openDatabase } from '../../queries/database.ts';
import { columnComment, sqlType } from '../../tables/ddl.ts';
import {
  ALL_TABLES,
  CAPTURE_TABLES,
  defineTable,
  FINDINGS,
  rowsOf,
  TableBuilder,
} from '../../tables/index.ts';
import { sampleAnalysis, sampleEvents } from '../reports/sample.ts';

const KINDS = defineTable({
  schema: 'ftrace',
  name: 'kinds',
  doc: 'A column of every type.',
  columns: [
    { name: 'b', type: 'bool', nullable: true, doc: 'A boolean.' },
    { name: 'tiny', type: 'u8', nullable: true, doc: 'A byte.' },
    { name: 'small', type: 'u16', nullable: true, doc: 'Two bytes.' },
    { name: 'word', type: 'u32', nullable: true, doc: 'Four bytes.' },
    { name: 'int', type: 'i32', nullable: true, doc: 'Four bytes, signed.' },
    { name: 'long', type: 'i64', nullable: true, unit: 'ns', doc: 'Eight bytes, signed.' },
    { name: 'ulong', type: 'u64', nullable: true, doc: "Eight bytes; it's unsigned." },
    { name: 'real', type: 'f64', nullable: true, doc: 'A double.' },
    { name: 'dict', type: 'dict', nullable: true, doc: 'Repeated text.' },
    { name: 'text', type: 'text', nullable: true, doc: 'Free text.' },
    { name: 'DICT', type: 'text', nullable: true, doc: 'A name that differs only in case.' },
  ],
});

function kindsTable(rows: number) {
  const builder = new TableBuilder(KINDS);
  for (let i = 0; i < rows; i++) {
    const absent = i % 7 === 3;
    builder.append({
      b: absent ? null : i % 2 === 0,
      tiny: absent ? null : i % 256,
      small: absent ? null : i % 65536,
      word: absent ? null : 4_294_967_295 - i,
      int: absent ? null : -i,
      long: absent ? null : -9_000_000_000_000_000_000n + BigInt(i),
      ulong: absent ? null : 18_000_000_000_000_000_000n + BigInt(i),
      real: absent ? null : i / 4,
      dict: absent ? null : `value ${i % 300}`,
      text: absent ? null : `line ${i} of free text, ünïcode`,
      DICT: absent ? null : 'x',
    });
  }
  return builder.finish();
}

describe('a loaded analysis', () => {
  let db: Database;
  const kinds = kindsTable(5000);
  beforeAll(async () => {
    db = await openDatabase(sampleAnalysis({ events: [sampleEvents(), kinds] }));
  });
  afterAll(() => db.close());

  test('every type comes back as it went in, NULLs too', async () => {
    const rows = await db.query('SELECT * FROM ftrace.kinds');
    const expected = rowsOf(kinds).map(({ DICT, ...row }) => ({ ...row, DICT_2: DICT }));
    expect(rows).toEqual(expected);
  });

  test('the rows of a table are those of the analysis', async () => {
    expect(await db.query('SELECT * FROM findings ORDER BY finding')).toEqual(
      rowsOf(sampleAnalysis().findings),
    );
    expect(
      await db.query('SELECT comm, ps, arg FROM (SELECT *, 1 AS arg FROM ftrace.pci_prepare_ats)'),
    ).toEqual([
      { comm: 'sh', ps: 13, arg: 1 },
      { comm: 'kworker/0:1', ps: null, arg: 1 },
    ]);
  });

  test('types and comments are those of the declaration', async () => {
    const rows = await db.query(
      "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE schema_name = 'main' AND table_name IN (SELECT table_name FROM duckdb_tables())",
    );
    const expected = [...ALL_TABLES, ...CAPTURE_TABLES].flatMap((def) =>
      def.columns.map((column) => ({
        table_name: def.name,
        column_name: column.name,
        data_type: sqlType(column),
        comment: columnComment(column),
      })),
    );
    expect(rows).toEqual(expect.arrayContaining(expected));
    expect(rows).toHaveLength(expected.length);
    const [{ comment }] = await db.query("SELECT comment FROM duckdb_tables() WHERE table_name = 'findings'");
    expect(comment).toBe(FINDINGS.doc);
  });

  test.each(QUERY_NAMES.filter((name) => !namedQuery(name).fleet))(
    'query %s answers with the columns it documents',
    async (name) => {
      const query = namedQuery(name);
      const parameters = Object.fromEntries(
        query.parameters.map((field) => [field.name, VALUES[field.name]]),
      );
      const table = [...ALL_TABLES, ...CAPTURE_TABLES].find((def) => def.name === query.columnsOf);
      expect(query.columnsOf === undefined || table !== undefined).toBe(true);
      const rows = await db.query(`DESCRIBE ${describable(query.sql)}`);
      const names = (table?.columns ?? query.columns).map((column) => column.name);
      expect(rows.map((row) => row.column_name)).toEqual(names);
      const answer = await db.named(name, parameters);
      expect(answer).toEqual(await db.named(name, parameters));
      expect(query.sql).toContain('ORDER BY');
    },
  );

  test.each([
    ["SELECT * FROM read_csv('/etc/passwd')", /disabled|Permission/],
    ["COPY findings TO 'out.csv'", /disabled|Permission/],
    ["ATTACH 'other.db'", /disabled|Permission/],
    ['INSTALL httpfs', /disabled|Permission/],
    ['LOAD httpfs', /disabled|Permission/],
    ['SET enable_external_access = true', /locked|Cannot/],
    ["SET memory_limit = '100GB'", /locked/],
  ])('%s is refused', async (sql, message) => {
    await expect(db.query(sql)).rejects.toThrow(message);
  });
});

/** Values of the parameters that queries have. */
const VALUES: Readonly<Record<string, string | number>> = {
  family: '0000:01:00.0',
  slots: 600,
  address: '01:00.1',
  at_ns: 25_590_000_000,
  within_ns: 1_000_000_000,
  finding: 0,
};

/** DESCRIBE takes no parameters: they become literals. */
function describable(sql: string): string {
  return sql.replace(/\$([a-z_]+)/g, (_, name: string) =>
    typeof VALUES[name] === 'number' ? `${VALUES[name]}` : `'${VALUES[name]}'`,
  );
}

test('a query that needs more memory than allowed ends with an error', async () => {
  const db = await openDatabase(sampleAnalysis(), { memoryLimit: '50MB', threads: 1 });
  await expect(
    db.query('SELECT list(a.range) FROM range(3000000) a GROUP BY a.range ORDER BY random()'),
  ).rejects.toThrow(/[Mm]emory/);
  db.close();
});

test('dictionaries that cannot be an ENUM, and bytes that are not UTF-8', async () => {
  const def = defineTable({
    schema: 'ftrace',
    name: 'odd',
    doc: 'Odd text.',
    columns: [
      { name: 'd', type: 'dict', nullable: true, doc: 'Repeated text.' },
      { name: 't', type: 'text', doc: 'Free text.' },
      { name: 'none', type: 'dict', nullable: true, doc: 'Nothing but NULL.' },
    ],
  });
  const builder = new TableBuilder(def);
  for (const bytes of [
    [0x61, 0],
    [0x61, 0xff],
    [0x61, 0xfe],
  ]) {
    builder.column('d').pushBytes(Uint8Array.from(bytes), 0, 2);
    builder.column('t').pushBytes(Uint8Array.from(bytes), 0, 2);
    builder.column('none').pushNull();
  }
  const db = await openDatabase(sampleAnalysis({ events: [builder.finish()] }));
  expect(await db.query('SELECT * FROM ftrace.odd')).toEqual([
    { d: 'a\0', t: 'a\0', none: null },
    { d: 'a\ufffd', t: 'a\ufffd', none: null },
    { d: 'a\ufffd', t: 'a\ufffd', none: null },
  ]);
  db.close();
});
