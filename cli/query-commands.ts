import type { Command } from 'commander';
import { addReaderOptions, collect } from './reader-options.ts';

const EXAMPLES = {
  query: `
The last argument is the SQL, unless it is a file. Inputs are recordings of one boot, or one database that "atscope ingest"
wrote. Without SQL and without --name, a terminal gets an interactive shell. "atscope schema" tells the tables.

SQL only reads the tables: it reaches no file, no network, no extension and no setting, and it is stopped at its limits.

Examples:
  atscope query trace.txt dmesg.txt 'SELECT rule, "function", message FROM findings ORDER BY finding'
  atscope query run.duckdb 'SELECT event, count(*) AS n FROM trace_events GROUP BY event ORDER BY n DESC'
  atscope query run.duckdb 'SELECT * FROM near($t, 1000000) ORDER BY time_ns' --param t=25591800000
  atscope query run.duckdb --name function-summary --format markdown
  atscope query run.duckdb 'FROM calls' --format parquet --out calls.parquet
  atscope query --list
  atscope query --dataset fleet --name fleet-rules-by-kernel
`,
  ingest: `
Reads and judges recordings of one boot and writes every table, so that asking again costs nothing.

Examples:
  atscope ingest trace.dat dmesg.txt --db run.duckdb             one database, for "atscope query run.duckdb"
  atscope ingest trace.dat --db run.duckdb --all                 every kind of trace event, not only the model's
  atscope ingest trace.txt dmesg.txt --parquet fleet --label board=x1 --label date=2026-03-02
                                                                 add the capture to a data set of many
  atscope ingest trace.txt --arrow tables                        one Arrow file per table
`,
  schema: `
Examples:
  atscope schema                  all tables, views and macros
  atscope schema findings         the columns of one, with types and units
  atscope schema --markdown       what docs/schema.md holds
`,
};

/** Adds the commands around SQL: ingest, query and schema. */
export function addQueryCommands(program: Command): void {
  addReaderOptions(
    program
      .command('query')
      .description('ask SQL of recordings or of a saved database')
      .argument('[inputs...]', 'a saved database, or recordings of one boot; then the SQL')
      .option('--name <name>', 'run a query of the catalogue instead (see --list)')
      .option('--param <name=value>', 'value of the parameter $name; may stand many times', collect, [])
      .option('--list', 'list the queries of the catalogue')
      .option('--dataset <dir>', 'ask a data set of many captures (see ingest --parquet)')
      .option('--format <form>', 'table, csv, json, ndjson, markdown, arrow or parquet', 'table')
      .option('--json', 'the same as --format json')
      .option('--out <file>', 'write the answer there, whole or not at all')
      .option('--force', 'replace an existing --out file')
      .option('--rows <n>', 'rows a table shows; 0 is all (200 on a terminal, all elsewhere)')
      .option('--width <n>', 'width of a table; 0 is no limit (that of the terminal, none elsewhere)')
      .option('--memory <size>', 'most memory SQL may use', '1GB')
      .option('--threads <n>', 'threads SQL may use (the CPUs, at most 4)')
      .option('--time-limit <seconds>', 'stop the query after this time; 0 is no limit', '300')
      .option('--allow-files', 'let SQL read and write files; only for SQL you trust')
      .option('--all', 'decode every kind of trace event, not only those of the model')
      .option('--features <profile>', 'assume this kernel behaviour instead of that of the release'),
  )
    .addHelpText('after', EXAMPLES.query)
    .action(async (args, flags) => (await import('./query.ts')).runQuery(args, flags));

  addReaderOptions(
    program
      .command('ingest')
      .description('write every table of recordings to a database, Parquet or Arrow files')
      .argument('<inputs...>', 'traces and kernel logs of one boot')
      .option('--db <file>', 'write a DuckDB database')
      .option('--parquet <dir>', 'add the capture to a data set: one Parquet file per table and capture')
      .option('--arrow <dir>', 'write one Arrow IPC file per table')
      .option(
        '--arrow-dictionaries <how>',
        'delta: entries stand before the rows that first use them; whole: all at the beginning, as Polars needs it',
        'delta',
      )
      .option('--all', 'decode every kind of trace event, not only those of the model')
      .option(
        '--label <name=value>',
        'label of the capture, e.g. board=x1; may stand many times',
        collect,
        [],
      )
      .option('--force', 'replace what exists')
      .option('--memory <size>', 'most memory the database engine may use', '2GB')
      .option('--threads <n>', 'threads it may use (the CPUs that reading leaves, at most 4)')
      .option('--features <profile>', 'assume this kernel behaviour instead of that of the release'),
  )
    .option('--json', 'tell what was written as JSON')
    .addHelpText('after', EXAMPLES.ingest)
    .action(async (inputs, flags) => (await import('./ingest.ts')).runIngest(inputs, flags));

  program
    .command('schema')
    .description('tell the tables, views and macros of SQL, with columns, types and units')
    .argument('[name]', 'a table, view or macro')
    .option('--json', 'as JSON')
    .option('--markdown', 'as Markdown')
    .addHelpText('after', EXAMPLES.schema)
    .action(async (name, flags) => (await import('./schema.ts')).runSchema(name, flags));
}
