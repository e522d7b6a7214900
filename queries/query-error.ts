/** Why SQL got no answer. */
export type QueryErrorKind =
  /** The SQL is wrong: syntax, names, types, parameters. */
  | 'sql'
  /** It asks for what is not allowed: files, extensions, settings. */
  | 'refused'
  /** It reached the memory or time limit. */
  | 'limit'
  /** Somebody cancelled it. */
  | 'cancelled';

/** True for the message of an error of the engine that had no memory left. */
export function isOutOfMemory(message: string): boolean {
  return /Out of Memory|failed to allocate|could not allocate|bad_alloc/i.test(message);
}

/** SQL that gets no answer, and why: never a mistake of this program. */
export class QueryError extends Error {
  override name = 'QueryError';
  readonly kind: QueryErrorKind;

  constructor(kind: QueryErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
