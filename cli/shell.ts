import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { ask } from '../queries/answer.ts';
import type { Engine } from '../queries/engine.ts';
import { QueryError } from '../queries/query-error.ts';
import { splitStatements } from '../queries/statements.ts';
import type { Palette } from '../reports/palette.ts';
import { visible } from '../reports/visible.ts';
import { quoteIdentifier, quoteText } from '../tables/ddl.ts';
import { UsageError } from './exit-codes.ts';
import { writeAnswer } from './query-formats.ts';
import type { Output } from './query-output.ts';
import type { Parameters } from './query-parameters.ts';
import { COMMANDS, type ShellAction, shellAction } from './shell-commands.ts';
import { historyPath, loadHistory, saveHistory } from './shell-history.ts';
import { paletteFor } from './terminal.ts';

export interface ShellOptions {
  readonly timeLimit: number;
  readonly allowFiles: boolean;
  /** Rows of an answer that are shown; 0 is all, 200 when not given. */
  readonly rows?: number;
  /** Width of tables; 0 is no limit, that of the terminal when not given. */
  readonly width?: number;
  readonly input?: Readable;
  readonly output?: Writable & { readonly columns?: number };
  /** Whether a person sits there: echo, history and completion. */
  readonly terminal?: boolean;
  readonly history?: string;
}

const PROMPT = 'atscope> ';
const MORE = '    ...> ';
/** Rows of an answer that the shell shows. */
const ROWS = 200;

/** What may follow in a line, and the part of it that is replaced. */
async function completions(engine: Engine, before: string, line: string): Promise<[string[], string]> {
  if (before === '' && line.startsWith('.') && !line.includes(' '))
    return [COMMANDS.filter((command) => command.startsWith(line)), line];
  const text = before + line;
  const [, schema, start] = /\b(ftrace|main)\.("?\w*)$/.exec(text) ?? [];
  if (schema !== undefined) return [await tablesOf(engine, schema, start), start];
  const reader = await engine.connection.runAndReadAll(
    `SELECT suggestion, suggestion_start FROM sql_auto_complete(${quoteText(text)})`,
  );
  const rows = reader.getRows() as [string, number][];
  if (rows.length === 0) return [[], line];
  // The place is counted in bytes of UTF-8.
  const part = Buffer.from(text).subarray(rows[0][1]).toString();
  // DuckDB also guesses at what was mistyped; a completion only continues what stands there.
  const matches = rows
    .map(([suggestion]) => suggestion)
    .filter((suggestion) => suggestion.toLowerCase().startsWith(part.toLowerCase()));
  return [matches, part];
}

/** Names of a schema's tables and views that begin with `start`. */
async function tablesOf(engine: Engine, schema: string, start: string): Promise<string[]> {
  const reader = await engine.connection.runAndReadAll(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = ${quoteText(schema)} ORDER BY 1`,
  );
  return reader
    .getRows()
    .map(([name]) => (/^\w+$/.test(String(name)) ? String(name) : quoteIdentifier(String(name))))
    .filter((name) => name.toLowerCase().startsWith(start.toLowerCase()));
}

class Shell {
  private readonly engine: Engine;
  private readonly options: ShellOptions;
  private readonly output: Output;
  private readonly width: () => number;
  private readonly palette: Palette;
  private readonly lines: Interface;
  /** What was typed of a statement that has not ended. */
  private buffer = '';
  private running: AbortController | null = null;
  private queue: Promise<void> = Promise.resolve();
  private over = false;

  constructor(engine: Engine, options: ShellOptions) {
    this.engine = engine;
    this.options = options;
    const {
      input = process.stdin,
      output = process.stdout,
      terminal = process.stdin.isTTY === true,
    } = options;
    this.palette = paletteFor(process.stdout);
    this.width = () => options.width ?? (output.columns || 80);
    this.output = {
      write: (piece) =>
        new Promise((resolve) => (output.write(piece) ? resolve() : output.once('drain', resolve))),
    };
    this.lines = createInterface({
      input,
      output,
      terminal,
      prompt: PROMPT,
      historySize: 1000,
      history: terminal ? loadHistory(this.history) : [],
      // Only the form with a callback completes; one that returns a promise silently does nothing.
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        completions(engine, this.buffer, line).then(
          (result) => done(null, result),
          () => done(null, [[], line]),
        );
      },
    });
  }

  /** Runs until the input ends or the user leaves. */
  async run(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.lines.once('close', resolve));
    if (this.options.terminal ?? process.stdin.isTTY === true) {
      this.lines.on('history', (history: string[]) => saveHistory(this.history, history));
      await this.output.write('SQL over the tables of the recording. .help tells more, .quit leaves.\n');
    }
    this.lines.on('line', (line) => {
      this.queue = this.queue.then(() => this.take(line));
      // A mistake in this program ends the shell; `run` hands it on.
      this.queue.catch(() => this.lines.close());
    });
    this.lines.on('SIGINT', () => this.interrupt());
    this.lines.prompt();
    await closed;
    await this.queue;
    // A last statement needs no semicolon when the input ends.
    if (!this.over && this.buffer.trim() !== '') await this.ask(this.buffer, {});
  }

  /** Ctrl-C: cancels what runs, else forgets what was typed. */
  interrupt(): void {
    if (this.running) {
      this.running.abort();
      return;
    }
    this.buffer = '';
    // The line itself is forgotten too: to its end, then back to its beginning.
    this.lines.write(null, { ctrl: true, name: 'e' });
    this.lines.write(null, { ctrl: true, name: 'u' });
    this.lines.setPrompt(PROMPT);
    void this.output.write('^C\n').then(() => this.lines.prompt());
  }

  private get history(): string {
    return this.options.history ?? historyPath();
  }

  private async take(line: string): Promise<void> {
    if (this.over) return;
    if (this.buffer === '' && line.trimStart().startsWith('.')) await this.command(line);
    else await this.statements(`${this.buffer}${line}\n`);
    if (this.over) return;
    this.lines.setPrompt(this.buffer === '' ? PROMPT : MORE);
    // What was typed ahead keeps its cursor.
    this.lines.prompt(true);
  }

  /** Runs the statements that have ended and keeps the rest. */
  private async statements(text: string): Promise<void> {
    const { statements, rest, open } = splitStatements(text);
    this.buffer = rest.tokens.length > 0 || open ? `${rest.text}\n` : '';
    for (const statement of statements) await this.ask(statement.text, {});
  }

  private async command(line: string): Promise<void> {
    try {
      const action = shellAction(line);
      if (action.kind === 'print') await this.output.write(action.text);
      else if (action.kind === 'ask') await this.describe(action);
      else if (action.kind === 'script') {
        await this.statements(`${action.sql}\n;`);
        this.buffer = '';
      } else {
        this.over = true;
        this.lines.close();
      }
    } catch (error) {
      await this.complain(error);
    }
  }

  /** An answer that must have rows, or is none. */
  private async describe({
    sql,
    parameters,
    whenEmpty,
  }: Extract<ShellAction, { kind: 'ask' }>): Promise<void> {
    if (whenEmpty !== undefined) {
      const found = await this.engine.connection.runAndReadAll(sql, { ...parameters });
      if (found.currentRowCount === 0) throw new UsageError(whenEmpty);
    }
    await this.ask(sql, parameters);
  }

  private async ask(sql: string, parameters: Parameters): Promise<void> {
    this.running = new AbortController();
    const { timeLimit, allowFiles } = this.options;
    const layout = { width: this.width(), rows: this.options.rows ?? ROWS, palette: this.palette };
    try {
      await ask(
        this.engine,
        sql,
        { parameters, timeLimit, allowFiles, signal: this.running.signal },
        (answer) => writeAnswer('table', answer, this.output, { layout, terminal: true }),
      );
    } catch (error) {
      await this.complain(error);
    } finally {
      this.running = null;
    }
  }

  private async complain(error: unknown): Promise<void> {
    if (!(error instanceof QueryError || error instanceof UsageError)) throw error;
    const text = error.message.split('\n').map(visible).join('\n');
    await this.output.write(`${this.palette.red(text)}\n`);
  }
}

/** Runs the interactive shell until the user leaves it. */
export async function runShell(engine: Engine, options: ShellOptions): Promise<void> {
  await new Shell(engine, options).run();
}
