import { enumType, quoteIdentifier, quoteText, sqlTableName } from '../tables/ddl.ts';
import type { Table, TableDef } from '../tables/index.ts';
import type { Engine } from './engine.ts';
import { parseHeader, type QueryField } from './header.ts';
import bdf from './library/bdf.sql';
import bdfOfRid from './library/bdf_of_rid.sql';
import calls from './library/calls.sql';
import decodeAtsCapability from './library/decode_ats_capability.sql';
import decodeAtsControl from './library/decode_ats_control.sql';
import decodePasidControl from './library/decode_pasid_control.sql';
import decodePriControl from './library/decode_pri_control.sql';
import decodePriStatus from './library/decode_pri_status.sql';
import enabledWindows from './library/enabled_windows.sql';
import errorName from './library/error_name.sql';
import evidenceOf from './library/evidence_of.sql';
import family from './library/family.sql';
import firstDivergence from './library/first_divergence.sql';
import functionSummary from './library/function_summary.sql';
import invalidationSummary from './library/invalidation_summary.sql';
import lossWindows from './library/loss_windows.sql';
import lossesAround from './library/losses_around.sql';
import near from './library/near.sql';
import pageBytes from './library/page_bytes.sql';
import ridOf from './library/rid_of.sql';
import seconds from './library/seconds.sql';
import segmentOf from './library/segment_of.sql';
import splatReports from './library/splat_reports.sql';
import stateAt from './library/state_at.sql';
import traceEvents from './library/trace_events.sql';
import { sqlTables } from './load-tables.ts';

export type LibraryKind = 'view' | 'table macro' | 'macro';

/** A view or macro of the standard library, with what its header says about it. */
export interface LibraryItem {
  readonly name: string;
  readonly kind: LibraryKind;
  readonly doc: string;
  readonly parameters: readonly QueryField[];
  /** Columns of a view or table macro. */
  readonly columns: readonly QueryField[];
  /** Type of a macro's value. */
  readonly returns?: string;
  /** SQL that uses it and runs on every database. */
  readonly example: string;
  readonly body: string;
}

/** In an order in which each needs only those before it. */
const TEXTS: Readonly<Record<string, string>> = {
  bdf,
  segment_of: segmentOf,
  rid_of: ridOf,
  bdf_of_rid: bdfOfRid,
  seconds,
  page_bytes: pageBytes,
  error_name: errorName,
  decode_ats_control: decodeAtsControl,
  decode_ats_capability: decodeAtsCapability,
  decode_pasid_control: decodePasidControl,
  decode_pri_control: decodePriControl,
  decode_pri_status: decodePriStatus,
  trace_events: traceEvents,
  loss_windows: lossWindows,
  calls,
  first_divergence: firstDivergence,
  enabled_windows: enabledWindows,
  function_summary: functionSummary,
  invalidation_summary: invalidationSummary,
  splat_reports: splatReports,
  state_at: stateAt,
  near,
  family,
  losses_around: lossesAround,
  evidence_of: evidenceOf,
};

/** Reads a file of the library. @throws Error for a header that breaks the rules: a mistake in the file. */
export function parseLibraryItem(name: string, text: string): LibraryItem {
  const { single, parameters, columns } = parseHeader(text, ['kind', 'doc', 'returns', 'example']);
  const kind = single.get('kind');
  const doc = single.get('doc');
  const example = single.get('example');
  if ((kind !== 'view' && kind !== 'table macro' && kind !== 'macro') || !doc || !example) {
    throw new Error(
      `library ${name}: the header needs a kind (view, table macro, macro), a doc and an example`,
    );
  }
  const body = text.replace(/^(--.*\n)+/, '').trim();
  return { name, kind, doc, parameters, columns, returns: single.get('returns'), example, body };
}

/** Every view and macro of the standard library. */
export const LIBRARY: readonly LibraryItem[] = Object.entries(TEXTS).map(([name, text]) =>
  parseLibraryItem(name, text),
);

/** `name`, or `name(parameters)`: how SQL uses it. */
export function signatureOf(item: LibraryItem): string {
  return item.kind === 'view'
    ? item.name
    : `${item.name}(${item.parameters.map(({ name }) => name).join(', ')})`;
}

function createSql(item: LibraryItem, body: string): string[] {
  const name = quoteIdentifier(item.name);
  const fields = (unit: string | undefined, doc: string) => quoteText(unit ? `${doc} (unit: ${unit})` : doc);
  if (item.kind === 'view') {
    return [
      `CREATE VIEW main.${name} AS ${body};`,
      `COMMENT ON VIEW main.${name} IS ${quoteText(item.doc)};`,
      ...item.columns.map(
        (column) =>
          `COMMENT ON COLUMN main.${name}.${quoteIdentifier(column.name)} IS ${fields(column.unit, column.doc)};`,
      ),
    ];
  }
  const parameters = item.parameters.map((parameter) => parameter.name).join(', ');
  const table = item.kind === 'table macro' ? 'TABLE ' : '';
  return [
    `CREATE MACRO main.${name}(${parameters}) AS ${table}${body};`,
    `COMMENT ON MACRO ${table}main.${name} IS ${quoteText(item.doc)};`,
  ];
}

/** The kinds of event as a type: grouping by it takes half the time that grouping by text does. */
const EVENT_NAME = 'ftrace.event_name';

function eventNameType(defs: readonly TableDef[]): string[] {
  // In the order of text, so that they sort alike.
  const names = defs.map((def) => def.name).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names.length > 0 ? [`CREATE TYPE ${EVENT_NAME} AS ${enumType(names)};`] : [];
}

/** The view over all tables of trace events that a recording has: SQL knows no tables by pattern. */
function traceEventsBody(item: LibraryItem, defs: readonly TableDef[]): string {
  const select = (def: TableDef) => {
    const has = new Set(def.columns.map((column) => column.name));
    const columns = item.columns.slice(1).map(({ name, type }) => {
      const quoted = quoteIdentifier(name);
      return `${has.has(name) ? quoted : 'NULL'}::${type} AS ${quoted}`;
    });
    return `SELECT ${quoteText(def.name)}::${EVENT_NAME} AS event, ${columns.join(', ')} FROM ${sqlTableName(def)}`;
  };
  const selects = defs.map(select);
  return selects.length > 0 ? selects.join('\nUNION ALL\n') : item.body;
}

/** Creates the standard library in a database that has the tables. */
export async function createLibrary(engine: Engine, tables: readonly Table[]): Promise<void> {
  const defs = sqlTables(tables)
    .map(({ def }) => def)
    .filter((def) => def.schema === 'ftrace');
  const items = LIBRARY.flatMap((item) =>
    createSql(item, item.name === 'trace_events' ? traceEventsBody(item, defs) : item.body),
  );
  await engine.duckdb.query(engine.raw, [...eventNameType(defs), ...items].join('\n'));
}

/** Creates the macros that need no tables, for a database of many captures. */
export async function createMacros(engine: Engine): Promise<void> {
  const statements = LIBRARY.filter((item) => item.kind === 'macro').flatMap((item) =>
    createSql(item, item.body),
  );
  await engine.duckdb.query(engine.raw, statements.join('\n'));
}
