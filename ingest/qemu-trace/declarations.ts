/** An argument of a trace event as `trace-events` declares it. */
export interface DeclaredArgument {
  readonly name: string;
  /** How simpletrace stores it and how its bits are to be read. */
  readonly kind: 'signed' | 'unsigned' | 'text';
}

/** A trace event as `trace-events` declares it. */
export interface DeclaredEvent {
  readonly name: string;
  readonly args: readonly DeclaredArgument[];
  /** The printf format, with `PRIx64` and its relatives replaced by conversions. */
  readonly format: string;
}

/** The events of a `trace-events-all` file, in its order. */
export interface TraceEvents {
  readonly list: readonly DeclaredEvent[];
  readonly byName: ReadonlyMap<string, DeclaredEvent>;
  /** Lines that are no declaration. */
  readonly unparsed: number;
}

const EVENT = /^((?:[a-z]+\s+)*)(\w+)\(([^)]*)\)\s*(.*)$/;
/** A string of the format, or a macro of inttypes.h between strings. */
const FORMAT_PART = /"((?:[^"\\]|\\.)*)"|\b\w*PRI([diouxX])\w*\b/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', '\\': '\\' };
const SIGNED =
  /^(?:const )?(?:signed |long |short |int|char|s?size_t$|ptrdiff_t|long$|short$|int(?:8|16|32|64)_t)/;

/**
 * Reads the declarations that QEMU was built with: the `trace-events-all` file of its build, or any `trace-events`
 * (docs/devel/tracing.rst, scripts/tracetool). A line that is no declaration is counted and passed over.
 */
export function parseTraceEvents(text: string): TraceEvents {
  const list: DeclaredEvent[] = [];
  let unparsed = 0;
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const match = EVENT.exec(trimmed.slice(0, 4096));
    if (!match) {
      unparsed++;
      continue;
    }
    const [, properties, name, args, format] = match;
    const declared = args.split(',').flatMap(argumentOf);
    const isVcpu = properties.split(/\s+/).includes('vcpu');
    list.push({
      name,
      // Events of a virtual CPU carry it first, also in what they print.
      args: isVcpu ? [{ name: 'cpu', kind: 'unsigned' }, ...declared] : declared,
      format: (isVcpu ? 'cpu=%p ' : '') + formatOf(format),
    });
  }
  return { list, byName: new Map(list.map((event) => [event.name, event])), unparsed };
}

function argumentOf(text: string): DeclaredArgument[] {
  const match = /^(.*?)\s*(\**)\s*(\w+)$/.exec(text.trim());
  if (!match || match[1] === '') return [];
  const [, type, stars, name] = match;
  if (stars !== '' || type.endsWith('*')) {
    return [{ name, kind: /^(?:const )?char\s*\**$/.test(type) ? 'text' : 'unsigned' }];
  }
  return [{ name, kind: SIGNED.test(type) && type !== 'size_t' ? 'signed' : 'unsigned' }];
}

function formatOf(text: string): string {
  let format = '';
  for (const [, literal, conversion] of text.matchAll(FORMAT_PART)) {
    format += conversion ?? literal.replace(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
  }
  return format;
}
