import { readFileSync } from 'node:fs';
import { bootCommandLine, bootDefinitions, COMMAND_LINE_LIMIT } from '../capture/boot.ts';
import { bpftraceScript, perfScript, probeDefinitions, traceCmdScript } from '../capture/equivalents.ts';
import { type ProbeSyntax, pickAlternative, syntaxOf } from '../capture/kernel.ts';
import { UsageError } from './exit-codes.ts';

export interface CaptureFlags {
  readonly print: string;
  readonly kernel?: string;
  readonly cmdline?: string;
  readonly json?: boolean;
}

/** What `--print` can ask for, besides the kit's script. */
const PRINTED: Readonly<Record<string, (syntax: ProbeSyntax, flags: CaptureFlags) => string>> = {
  probes: (syntax) => `${probeDefinitions(syntax).join('\n')}\n`,
  boot: (syntax, flags) => `${bootLine(syntax, flags.cmdline ?? '')}\n`,
  'trace-cmd': traceCmdScript,
  perf: perfScript,
  bpftrace: bpftraceScript,
};

export const CAPTURE_FORMS: readonly string[] = ['script', ...Object.keys(PRINTED)];

/** The newest syntax, for kernels that are not named. */
const CURRENT: ProbeSyntax = { byName: true, inReturns: true };

/** Prints the capture kit, or what it would do in another form. @throws UsageError */
export function runCapture(flags: CaptureFlags): void {
  const syntax = flags.kernel === undefined ? CURRENT : syntaxOf(flags.kernel);
  if (!syntax) {
    throw new UsageError(
      `--kernel ${flags.kernel}: expected a release as uname -r prints it, e.g. 6.12.107.`,
    );
  }
  process.stdout.write(flags.json ? asJson(printed(syntax, flags), flags) : printed(syntax, flags));
}

function asJson(text: string, { print, kernel }: CaptureFlags): string {
  return `${JSON.stringify({ form: print, kernel: kernel ?? null, text }, null, 2)}\n`;
}

function printed(syntax: ProbeSyntax, flags: CaptureFlags): string {
  if (flags.print === 'script') return scriptText();
  const print = PRINTED[flags.print];
  if (!print) throw new UsageError(`--print ${flags.print}: expected one of ${CAPTURE_FORMS.join(', ')}.`);
  if (flags.print === 'bpftrace' && !syntax.byName) {
    throw new UsageError(
      `--print bpftrace: the program needs BTF, which kernel ${flags.kernel} may lack; use --print probes.`,
    );
  }
  return print(syntax, flags);
}

/** The script stands beside the program: in the sources and in the installed package. */
function scriptText(): string {
  return readFileSync(new URL('../capture/atscope-capture', import.meta.url), 'utf8');
}

function bootLine(syntax: ProbeSyntax, existing: string): string {
  const used = Buffer.byteLength(existing.trim());
  const line = bootCommandLine(
    bootDefinitions((row) => pickAlternative(row, syntax)),
    used,
  );
  if (line === '') {
    throw new UsageError(
      `--cmdline: has ${used} bytes already; no probe fits into the ${COMMAND_LINE_LIMIT} that a kernel takes.`,
    );
  }
  return line;
}
