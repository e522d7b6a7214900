import { InputError } from '../ingest/input-error.ts';

/** The exit codes; they are part of the interface and do not change. */
export const EXIT = {
  ok: 0,
  /** A finding at or above the gate. */
  findings: 1,
  /** Usage or configuration: an unknown option, rule or profile. */
  usage: 2,
  /** An input that cannot be read or is of no known format. */
  input: 3,
  /** The verdict is inconclusive, under `--strict`. */
  inconclusive: 4,
  /** A mistake in this program. */
  internal: 70,
} as const;

/** A mistake of the user that has nothing to do with an input. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof InputError) return EXIT.input;
  if (error instanceof UsageError) return EXIT.usage;
  return EXIT.internal;
}
