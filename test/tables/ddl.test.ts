import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commentSql, createTableSql, quoteText } from '../../tables/ddl.ts';
import { schemaDocument } from '../../tables/document.ts';
import { ALL_TABLES, CLOCKS, EVENT_COLUMNS } from '../../tables/index.ts';

test('docs/schema.md is what the declarations say', () => {
  expect(readFileSync('docs/schema.md', 'utf8')).toBe(schemaDocument());
});

test('every table and every column has a doc, and every name is an SQL name', () => {
  for (const def of ALL_TABLES) {
    expect(def.doc, def.name).toMatch(/\.$/);
    const names = def.columns.map((column) => column.name);
    expect(new Set(names).size).toBe(names.length);
  }
  for (const column of [...ALL_TABLES.flatMap((def) => def.columns), ...EVENT_COLUMNS]) {
    expect(column.name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(column.doc, column.name).toMatch(/\.$/);
  }
});

test('a declaration as SQL', () => {
  expect(createTableSql(CLOCKS)).toBe(
    [
      'CREATE TABLE "main"."clocks" (',
      '  "source" USMALLINT,',
      '  "clock" VARCHAR,',
      '  "relation" VARCHAR,',
      '  "offset_ns" BIGINT,',
      '  "drift_ppb" BIGINT,',
      '  "residual_ns" BIGINT,',
      '  "matches" UINTEGER,',
      '  "method" VARCHAR',
      ');',
    ].join('\n'),
  );
  expect(commentSql(CLOCKS)[6]).toBe(
    `COMMENT ON COLUMN "main"."clocks"."residual_ns" IS 'Error that remains after alignment; 19 of 20 writes matched with a log of the hardware lie within it. (unit: ns, may be NULL)';`,
  );
  expect(quoteText("it's\0")).toBe("'it''s'");
});
