import type { Command } from 'commander';
import { addReaderOptions, collect } from './reader-options.ts';

const EXAMPLES = {
  report: `
Inputs are recordings of one boot, or one database that "atscope ingest" wrote. The page is one file that loads nothing.
A definition (*.report.md) is Markdown with named queries in SQL, charts in vega-lite and a few tags; docs/reports.md
tells its form. Its SQL only reads the tables, as with "atscope query".

Examples:
  atscope report trace.txt dmesg.txt --out report.html
  atscope report run.duckdb --template calls.report.md --out calls.html
  atscope report run.duckdb --template calls.report.md --param slowest=20 --out calls.html
  atscope report --print-template > mine.report.md      the built-in report, to begin from
  atscope report validate mine.report.md
`,
  validate: `
Tables of trace events (ftrace.NAME) exist only where a recording has them: give one to check queries that ask them.

Exit codes: 0 valid; 2 not, every mistake with its line.

Examples:
  atscope report validate calls.report.md
  atscope report validate calls.report.md run.duckdb
`,
};

/** Adds the commands around reports. */
export function addReportCommands(program: Command): void {
  const report = program
    .command('report')
    .description('write a page of recordings or of a saved database, the built-in one or one that you define')
    .argument('[inputs...]', 'a saved database, or recordings of one boot')
    .option('--template <file>', 'definition of the page (*.report.md) instead of the built-in one')
    .option('--print-template', 'print the definition of the built-in page')
    .option('--out <file>', 'where the page goes; it is written whole or not at all')
    .option(
      '--param <name=value>',
      'value of a parameter of the definition; may stand many times',
      collect,
      [],
    )
    .option('--memory <size>', 'most memory SQL may use', '1GB')
    .option('--threads <n>', 'threads SQL may use (the CPUs, at most 4)')
    .option('--time-limit <seconds>', 'stop a query after this time; 0 is no limit', '60')
    .option('--all', 'decode every kind of trace event, not only those of the model')
    .option('--features <profile>', 'assume this kernel behaviour instead of that of the release')
    .option('--json', 'tell what was written as JSON')
    .addHelpText('after', EXAMPLES.report)
    .action(async (inputs, flags) => (await import('./report.ts')).runReport(inputs, flags));
  addReaderOptions(report);
  report
    .command('validate')
    .description('check a definition: every query, value, tag and chart against the tables')
    .argument('<file>', 'a report definition (*.report.md)')
    .argument('[inputs...]', 'a saved database, or recordings of one boot, to check against')
    .option('--memory <size>', 'most memory SQL may use', '1GB')
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES.validate)
    .action(async (file, inputs, _flags, command: Command) => {
      process.exitCode = await (await import('./report.ts')).runValidate(
        file,
        inputs,
        command.optsWithGlobals(),
      );
    })
    .exitOverride();
}
