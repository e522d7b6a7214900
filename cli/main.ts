import { Command, CommanderError } from 'commander';
import { FORMATS } from '../ingest/formats.ts';
import { PROFILES } from '../model/features.ts';
import { FORM_NAMES, USUAL_FORMS } from '../reports/form-names.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { addQueryCommands } from './query-commands.ts';
import { fileProblem } from './query-output.ts';
import { addReaderOptions } from './reader-options.ts';
import { addReportCommands } from './report-commands.ts';
import { paletteFor } from './terminal.ts';
import { VERSION } from './version.ts';

const EXAMPLES = {
  main: `
Examples:
  atscope analyze trace.txt dmesg.txt --out report    judge a recording, write report/report.html
  atscope diff before.txt after.txt                   what a patch series changed
  atscope explain ATS004                              what a rule means and what it needs
  atscope sniff FILE                                  which format a file has, and why

Exit codes: 0 no gating finding; 1 gating findings; 2 usage or configuration; 3 input unreadable or not
recognised; 4 inconclusive under --strict; 70 internal error.
`,
  analyze: `
Inputs of one boot belong together: give the trace and the kernel log in one command. - is standard input.

A listing of the hardware (lspci -vvv, as root) has no time. Given on both sides of the traces, the last one before and
the last one after them are taken as the state before and after the recording; --taken says it for any. What a listing
shows of capabilities and of the PF of a VF holds at any time. Without a trace, listings are compared in the order given.

--format knows:
${FORM_NAMES.map(({ id, files, doc }) => `  ${id.padEnd(10)}${doc} (${files.join(', ')})`).join('\n')}

--input-format knows: ${FORMATS.map((format) => format.id).join(', ')}.
Profiles for --features: ${PROFILES.map((profile) => profile.id).join(', ')}.

Examples:
  atscope analyze trace.txt
  atscope analyze trace.txt dmesg.txt --out report
  cat /sys/kernel/tracing/trace | atscope analyze -
  atscope analyze trace.txt dmesg.txt --under series
  atscope analyze lspci-before.txt trace.dat dmesg.txt lspci-after.txt
  atscope analyze trace.dat lspci.txt --taken lspci.txt=after
  atscope analyze trace.txt --features 7.2 --fail-on warning --json
  atscope analyze trace.txt --baseline last/findings.json --suppressions known.yaml --out report
  atscope analyze trace.txt --out report --format html,json,junit,sarif,github,perfetto
  atscope analyze trace.txt --format ktap
`,
  diff: `
Findings are compared by signature: new, changed (another severity), still there, fixed (judged again and not found), or not
evaluated (not found, but the recording could not have shown it). Calls of one kind on one function are compared in order.

Examples:
  atscope diff old/trace.txt,old/dmesg.txt new/trace.txt,new/dmesg.txt
  atscope diff old.duckdb new.duckdb --out difference
  atscope diff last-night/findings.json report/findings.json --fail-on warning

Exit codes: 0 nothing new or graver at --fail-on; 1 something is; 2 usage; 3 input; 4 not comparable under --strict.
`,
};

function build(): Command {
  const program = new Command('atscope');
  program
    .description(
      'Finds where register, PCI core and IOMMU driver disagree about PCIe Address Translation Services.',
    )
    .version(VERSION)
    .helpCommand(true)
    .showHelpAfterError('(atscope --help shows the commands)')
    .addHelpText('after', EXAMPLES.main)
    .exitOverride();

  addReaderOptions(
    program
      .command('analyze')
      .description('replay recordings through the reference model and judge them')
      .argument('<inputs...>', 'traces and kernel logs of one boot')
      .option('--out <dir>', 'write the reports there (see --format)')
      .option(
        '--under <profile>',
        'also tell where a kernel with this behaviour would have answered differently (the page tells it of series)',
      )
      .option('--features <profile>', 'assume this kernel behaviour instead of that of the release')
      .option(
        '--fail-on <severity>',
        'exit with 1 on findings of this severity: error, warning, or never',
        'error',
      )
      .option('--strict', 'exit with 4 when the verdict is inconclusive')
      .option('--json', 'print findings.json instead of the summary')
      .option(
        '--format <list>',
        `what --out writes, separated by commas, or the one form to print without it (default: ${USUAL_FORMS})`,
      )
      .option('--baseline <file>', 'compare with the findings.json of an earlier run; only what is new fails')
      .option('--gate <which>', 'which findings fail: new (with a baseline the default) or any')
      .option(
        '--suppressions <file>',
        'findings to live with, with reason and end (YAML or JSON, see docs/ci.md)',
      )
      .option('--today <date>', 'the day that ends of suppressions are compared with, as YYYY-MM-DD')
      .option('--checks <dir>', 'also run the checks in SQL (*.check.sql) of this directory')
      .option('--time-limit <seconds>', 'stop a check after this time', '60')
      .option('--memory <size>', 'most memory a check may use', '1GB'),
  )
    .option('--taken <file=when...>', 'when an lspci listing was taken: before or after the recording')
    .addHelpText('after', EXAMPLES.analyze)
    .action(async (inputs, flags) => {
      const { runAnalyze } = await import('./analyze.ts');
      process.exitCode = await runAnalyze(inputs, flags);
    });

  program
    .command('diff')
    .description('tell in what two analyses differ: findings, results of calls, kernel behaviour')
    .argument('<before>', 'recordings of one boot joined by commas, a saved database, or a findings.json')
    .argument('<after>', 'the same')
    .option('--out <dir>', 'write diff.html, diff.json and diff.txt there')
    .option('--format <form>', 'what to print: text, json or html', 'text')
    .option('--json', 'the same as --format json')
    .option(
      '--fail-on <severity>',
      'exit with 1 on new or graver findings of this severity: error, warning, or never',
      'error',
    )
    .option('--strict', 'exit with 4 when <after> could not have shown all that <before> did')
    .option('--features <profile>', 'assume this kernel behaviour instead of that of the release')
    .option('--input-format <id>', 'read all recordings as this format')
    .addHelpText('after', EXAMPLES.diff)
    .action(async (before, after, flags) => {
      const { runDiff } = await import('./diff.ts');
      process.exitCode = await runDiff(before, after, flags);
    });

  program
    .command('rules')
    .description('list the rules')
    .option('--json', 'as JSON, with everything explain tells')
    .addHelpText('after', "\nExamples:\n  atscope rules\n  atscope rules --json | jq -r '.[].id'\n")
    .action(async (flags) => (await import('./rules.ts')).runRules(flags));

  program
    .command('explain')
    .description('tell what a rule means, which kernels show it, what to do, and what it needs')
    .argument('<rule>', 'its id or name, e.g. ATS004')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  atscope explain ATS016\n')
    .action(async (rule, flags) => (await import('./rules.ts')).runExplain(rule, flags));

  program
    .command('sniff')
    .description('tell which format a file has, and why')
    .argument('<file>', 'a file, or - for standard input')
    .option('--map <mapping>', 'show the first records that this mapping file makes of it')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  atscope sniff trace.txt\n  atscope sniff run.csv --map bench.map.yaml\n',
    )
    .action(async (file, flags) => (await import('./sniff.ts')).runSniff(file, flags));

  addReaderOptions(
    program
      .command('state')
      .description('print what the model knows of every function at an instant')
      .argument('<inputs...>', 'traces and kernel logs of one boot')
      .option('--at <seconds>', 'after the last event at or before this time')
      .option('--event <number>', 'after this event of the model (see ats_events)')
      .option('--features <profile>', 'assume this kernel behaviour instead of that of the release'),
  )
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  atscope state trace.txt --at 25.591800\n')
    .action(async (inputs, flags) => (await import('./state.ts')).runState(inputs, flags));

  program
    .command('model')
    .description('print the reference machine of one function')
    .option(
      '--format <form>',
      'mermaid, dot (as kernel runtime verification writes automata) or json',
      'mermaid',
    )
    .option('--kind <kind>', 'pf (also plain functions) or vf', 'pf')
    .option('--json', 'the same as --format json')
    .addHelpText('after', '\nExample:\n  atscope model --format dot --kind vf | dot -Tsvg > vf.svg\n')
    .action(async (flags) => (await import('./model.ts')).runModel(flags));

  addQueryCommands(program);
  addReportCommands(program);

  program
    .command('capture')
    .description(
      'print the kit that records what analyze needs: a script for a machine that has only a shell',
    )
    .option('--print <form>', 'script, probes, boot, trace-cmd, perf or bpftrace', 'script')
    .option(
      '--kernel <release>',
      'write for this kernel, as uname -r prints it (the script finds out by itself)',
    )
    .option('--cmdline <text>', 'what the kernel command line has already, for --print boot')
    .option('--json', 'as JSON: the form, the kernel and the text')
    .addHelpText(
      'after',
      `
Examples:
  atscope capture > atscope-capture; sh atscope-capture run -- COMMAND
  atscope capture --print probes --kernel 6.1.100
  atscope capture --print boot --cmdline "$(cat /proc/cmdline)"
`,
    )
    .action(async (flags) => (await import('./capture.ts')).runCapture(flags));

  for (const command of program.commands) command.exitOverride();
  return program;
}

async function main(): Promise<void> {
  // A reader that stops early (head, less) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    const problem = fileProblem(error);
    if (problem === null) throw error;
    process.stderr.write(
      `atscope: standard output: cannot write it (${problem}). What was written is not complete.\n`,
    );
    process.exit(EXIT.usage);
  });
  try {
    await build().parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    const code = exitCodeOf(error);
    process.exitCode = code;
    const { red } = paletteFor(process.stderr);
    if (code !== EXIT.internal) {
      process.stderr.write(`${red('atscope:')} ${(error as Error).message}\n`);
      return;
    }
    process.stderr.write(
      `${red('atscope: internal error.')} Please report it with the input that caused it.\n${(error as Error).stack}\n`,
    );
  }
}

await main();
