import type { EventNeeds } from '../needs.ts';
import type { SourceRecording } from '../recording.ts';
import { type EventFormat, type Field, parseEventFormat } from './event-format.ts';
import type { TraceFile } from './trace-file.ts';

/** The event formats of a file, parsed when an event of their id first appears. */
export class FormatCatalog {
  private readonly file: TraceFile;
  private readonly byId = new Map<number, number>();
  private readonly parsed = new Map<number, EventFormat | null>();
  private readonly knownFields = new Map<string, Field | null>();

  constructor(file: TraceFile, out: SourceRecording) {
    this.file = file;
    file.formats.forEach(({ text }, index) => {
      const id = idOf(text);
      if (id === null) out.note('warning', 'bad-format', null, 'an event format without a usable "ID:" line');
      else if (!this.byId.has(id)) this.byId.set(id, index);
    });
  }

  /** Null when the file has no format of this id, or one that cannot be read. */
  get(id: number): EventFormat | null {
    let format = this.parsed.get(id);
    if (format === undefined) {
      const index = this.byId.get(id);
      const file = index === undefined ? null : this.file.formats[index];
      format = file ? parseEventFormat(file.text, file.system, this.file.longSize, this.knownFields) : null;
      this.parsed.set(id, format);
    }
    return format;
  }

  /** Any format, to learn where the common fields stand: they are the same for all events of a kernel. */
  any(): EventFormat | null {
    for (const id of this.byId.keys()) {
      const format = this.get(id);
      if (format?.common.some(({ name }) => name === 'common_type')) return format;
    }
    return null;
  }
}

const MARK = [10, 73, 68, 58];

/** The number after `ID:` at the start of a line. */
function idOf(text: Uint8Array): number | null {
  for (let at = text.indexOf(MARK[0]); at >= 0; at = text.indexOf(MARK[0], at + 1)) {
    if (text[at + 1] !== MARK[1] || text[at + 2] !== MARK[2] || text[at + 3] !== MARK[3]) continue;
    let digit = at + 4;
    while (text[digit] === 32) digit++;
    let id = 0;
    const start = digit;
    while (text[digit] >= 48 && text[digit] <= 57 && id <= 65535) id = id * 10 + text[digit++] - 48;
    return digit > start && id <= 65535 ? id : null;
  }
  return null;
}

/** Where the common fields stand in a record. */
export interface CommonLayout {
  readonly type: number;
  readonly flags: number;
  readonly preempt: number;
  readonly pid: number;
}

/** From the formats; the layout of all kernels so far when there is no format at all. */
export function commonLayout(catalog: FormatCatalog): CommonLayout {
  const common = catalog.any()?.common ?? [];
  const at = (name: string, fallback: number) =>
    common.find((field) => field.name === name)?.offset ?? fallback;
  return {
    type: at('common_type', 0),
    flags: at('common_flags', 2),
    preempt: at('common_preempt_count', 3),
    pid: at('common_pid', 4),
  };
}

/** The field that holds the address of the function an event is about, and the one of the place it came from. */
export interface CodeFields {
  readonly symbol: { readonly offset: number; readonly size: number };
  readonly caller: { readonly offset: number; readonly size: number } | null;
  readonly isReturn: boolean;
}

/** Probe events and the function tracers name code by address; other events return null. */
export function codeFieldsOf(format: EventFormat): CodeFields | null {
  const field = (name: string) => format.fields.find((candidate) => candidate.name === name) ?? null;
  const returned = field('__probe_ret_ip');
  const probe = field('__probe_func') ?? field('__probe_ip');
  if (probe)
    return { symbol: probe, caller: returned, isReturn: returned !== null || probe.name === '__probe_func' };
  if (format.system !== 'ftrace') return null;
  const ip = field('ip');
  if (format.name === 'function' && ip) return { symbol: ip, caller: field('parent_ip'), isReturn: false };
  const func = field('func');
  if (format.name === 'funcgraph_entry' && func) return { symbol: func, caller: null, isReturn: false };
  if (format.name === 'funcgraph_exit' && func) return { symbol: func, caller: null, isReturn: true };
  return null;
}

/** Asks the needs about one kind of event. */
export function isWanted(
  needs: EventNeeds,
  format: EventFormat,
  symbol: string | null,
  isReturn: boolean,
): boolean {
  return needs.wants({
    name: format.name,
    system: format.system,
    symbol,
    isReturn,
    fields: format.fields.map(({ name }) => name).filter((name) => !name.startsWith('__probe_')),
  });
}
