/** A column of an answer, or a parameter. */
export interface QueryField {
  readonly name: string;
  /** SQL type, where the header gives one. */
  readonly type?: string;
  readonly unit?: string;
  /** Value of a parameter that is not given; text as the user would write it. */
  readonly fallback?: string;
  readonly doc: string;
}

/** The header of an SQL file: comment lines of the form `-- KEY: TEXT` or `-- KEY NAME TYPE = DEFAULT (UNIT): TEXT`. */
export interface Header {
  /** Text of a key that stands once. */
  readonly single: ReadonlyMap<string, string>;
  readonly parameters: readonly QueryField[];
  readonly columns: readonly QueryField[];
}

const LINE =
  /^-- (columns of|[a-z]+)(?: ([a-z_][a-z0-9_]*)(?: ([A-Z][A-Z0-9_]*(?:\[\])?))?(?: = ([^(:]+?))?(?: \(([^)]+)\))?)?: (.+)$/;

/**
 * Reads a header. A line that begins with `--   ` continues the one before.
 * @throws Error for a line that breaks the form, a key that is not in `keys`, or one that stands twice: the message says
 * which, without the name of the file.
 */
export function parseHeader(text: string, keys: readonly string[]): Header {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('--')) break;
    if (line.startsWith('--   ') && lines.length > 0) lines[lines.length - 1] += ` ${line.slice(5).trim()}`;
    else lines.push(line.trimEnd());
  }
  const single = new Map<string, string>();
  const parameters: QueryField[] = [];
  const columns: QueryField[] = [];
  for (const line of lines) {
    const match = LINE.exec(line);
    if (!match) throw new Error(`cannot read the header line "${line}"`);
    const [, key, name, type, fallback, unit, doc] = match;
    if (key === 'param' || key === 'column') {
      if (!name) throw new Error(`the header line "${line}" names nothing`);
      (key === 'param' ? parameters : columns).push({ name, type, unit, fallback, doc });
    } else {
      if (!keys.includes(key))
        throw new Error(
          `unknown key "${key}" in the header; there are ${[...keys, 'param', 'column'].join(', ')}`,
        );
      if (name) throw new Error(`the header line "${line}" should read "-- ${key}: ..."`);
      if (single.has(key)) throw new Error(`the header has two lines "${key}"`);
      single.set(key, doc);
    }
  }
  return { single, parameters, columns };
}
