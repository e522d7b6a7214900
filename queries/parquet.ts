import { quoteText } from '../tables/ddl.ts';
import type { AskOptions } from './answer.ts';
import type { Engine } from './engine.ts';
import { guardStatement } from './guard.ts';
import { QueryError } from './query-error.ts';
import { Stopper } from './stopper.ts';

/**
 * Writes the answer of one reading statement as a Parquet file. The engine writes it itself, so the file must be one
 * that stayed open when the doors were closed.
 * @throws QueryError as `ask` does; Error for what the file system refuses.
 */
export async function askToParquet(
  engine: Engine,
  sql: string,
  options: AskOptions,
  file: string,
): Promise<void> {
  const { text, tokens } = guardStatement(sql);
  const word = tokens[0].text.toUpperCase();
  if (!['SELECT', 'WITH', 'FROM', 'VALUES', 'TABLE', '('].includes(word))
    throw new QueryError('refused', `the answer of ${word} cannot be written as Parquet; SELECT can.`);
  const stopper = new Stopper(engine, options);
  const { parameters = {} } = options;
  try {
    // The statement stood the test of being exactly one, so the parentheses hold it; the line feed ends a comment in it.
    const copy = `COPY (${text}\n) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`;
    await stopper.run(() =>
      engine.connection.run(copy, Object.keys(parameters).length > 0 ? { ...parameters } : undefined),
    );
  } finally {
    stopper.end();
  }
}
