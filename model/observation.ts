import { type PROBES, type RowOf, rowsOf, type SOURCES, type Table } from '../tables/index.ts';
import { EVENT_KINDS, type EventKindName, KIND } from './events.ts';
import { KNOWN_TRACEPOINTS } from './known-functions.ts';
import { knownSymbol } from './lift/ftrace.ts';

type ProbeRow = RowOf<typeof PROBES>;

/** Why nothing of a kind was observed, as far as the recording tells. */
export type Blindness =
  /** Left out with an option of the kit. */
  | { readonly why: 'left-out'; readonly groups: readonly string[] }
  /** The kernel refused the probes. */
  | { readonly why: 'refused'; readonly reason: string; readonly names: readonly string[] }
  /** The kernel has none of the functions and events, or the compiler inlined them. */
  | { readonly why: 'absent'; readonly names: readonly string[] }
  /** Probes were there, and could not run each time. */
  | { readonly why: 'missed'; readonly count: bigint; readonly names: readonly string[] }
  | { readonly why: 'not-recorded' };

/** Formats whose events the kit's probes write. */
const TRACES: ReadonlySet<string> = new Set(['ftrace-text', 'trace-dat']);

/** What is known of how a recording was made. */
export interface Watch {
  readonly probes: ReadonlyMap<EventKindName, readonly ProbeRow[]>;
  /** A kernel log is among the inputs. */
  readonly hasLog: boolean;
}

export const NOTHING_LISTED: Watch = { probes: new Map(), hasLog: false };

/** Lists of probes by kind of event. They count only where every trace has one: the others may have had no probes. */
export function watchOf(sources: Table<typeof SOURCES>, probes: Table<typeof PROBES>): Watch {
  const inputs = rowsOf(sources);
  const hasLog = inputs.some((row) => row.format === 'kernel-log' && row.records > 0n);
  const rows = rowsOf(probes);
  const listed = new Set(rows.map((row) => row.source));
  if (inputs.some((row) => TRACES.has(row.format) && row.records > 0n && !listed.has(row.source)))
    return { probes: new Map(), hasLog };
  const byKind = new Map<EventKindName, ProbeRow[]>();
  for (const row of rows) {
    const kind = kindOf(row);
    if (!kind) continue;
    const list = byKind.get(kind);
    if (list) list.push(row);
    else byKind.set(kind, [row]);
  }
  return { probes: byKind, hasLog };
}

/**
 * What the recording would have shown. Without a list of probes, a kind was observed when one of its events is there.
 * With one (a bundle of the kit has it), silence of a probe that was installed means that nothing happened, and what was
 * not observed is known with its reason. Of several parts of a recording that come one after the other, each shows what its
 * own traces recorded.
 */
export class Observation {
  private readonly counts: ArrayLike<number>;
  private readonly hasLog: boolean;
  private readonly probes: Watch['probes'];
  /** Kinds that the whole recording would show. */
  private readonly whole: ReadonlySet<EventKindName>;
  private readonly parts: readonly ReadonlySet<EventKindName>[];
  /** Kinds that would be shown where the replay stands: rules ask once a call. */
  private shown: ReadonlySet<EventKindName>;

  /**
   * @param counts how many events of each kind there are, by its number.
   * @param parts the same of each part of the recording, with its traces.
   */
  constructor(
    counts: ArrayLike<number>,
    watch: Watch,
    parts: readonly { readonly counts: ArrayLike<number>; readonly sources: readonly number[] }[] = [],
  ) {
    this.counts = counts;
    this.hasLog = watch.hasLog;
    this.probes = watch.probes;
    this.whole = this.shownKinds(counts, () => true);
    this.parts = parts.map((part) =>
      this.shownKinds(part.counts, (row) => part.sources.includes(row.source)),
    );
    this.shown = this.parts.length > 1 ? this.parts[0] : this.whole;
  }

  /** The replay comes to a part of the recording; null where it is over. */
  enter(part: number | null): void {
    this.shown = part === null ? this.whole : this.parts[part];
  }

  /**
   * Whether an event of this kind would be in the recording, had there been one. Silence of the functions of one IOMMU
   * driver shows nothing: the machine may have another driver.
   */
  wouldShow(kind: EventKindName): boolean {
    return this.shown.has(kind);
  }

  private shownKinds(
    counts: ArrayLike<number>,
    isOfPart: (row: ProbeRow) => boolean,
  ): ReadonlySet<EventKindName> {
    const isShown = (kind: EventKindName) => {
      const probes = (this.probes.get(kind) ?? []).filter(isOfPart);
      if (probes.some((row) => row.missed > 0n)) return false;
      return counts[KIND[kind]] > 0 || probes.some((row) => row.fate === 'installed' && isOfAnyDriver(row));
    };
    return new Set(EVENT_KINDS.map(({ name }) => name).filter(isShown));
  }

  /** Whether somebody looked for events of this kind; those of the log were looked for where there is a log. */
  watched(kind: EventKindName): boolean {
    if (this.counts[KIND[kind]] > 0 || (kind.startsWith('log.') && this.hasLog)) return true;
    const probes = this.probes.get(kind) ?? [];
    return probes.every((row) => row.missed === 0n) && probes.some((row) => row.fate === 'installed');
  }

  /** Why events of these kinds, any of which would do, were not observed. */
  blindness(kinds: readonly EventKindName[]): Blindness {
    const rows = kinds.flatMap((kind) => this.probes.get(kind) ?? []);
    const missed = rows.filter((row) => row.missed > 0n);
    if (missed.length > 0) {
      const count = missed.reduce((sum, row) => sum + row.missed, 0n);
      return { why: 'missed', count, names: namesOf(missed) };
    }
    const off = rows.flatMap((row) => (row.fate === 'off' && row.left_out !== null ? [row.left_out] : []));
    if (off.length > 0) return { why: 'left-out', groups: [...new Set(off)].sort() };
    const refused = rows.filter((row) => row.fate === 'refused');
    if (refused.length > 0) return { why: 'refused', reason: refused[0].text, names: namesOf(refused) };
    const absent = rows.filter((row) => row.fate === 'missing');
    return absent.length > 0 ? { why: 'absent', names: namesOf(absent) } : { why: 'not-recorded' };
  }
}

function kindOf(row: ProbeRow): EventKindName | null {
  if (row.symbol === null) return KNOWN_TRACEPOINTS[row.event.replace(/^.*:/, '')] ?? null;
  const known = knownSymbol(row.symbol);
  if (!known) return null;
  // What was read is known only when the read is over.
  return known.kind === 'config.read' && row.kind === 'entry' ? null : known.kind;
}

/** Whether a function or trace event serves every IOMMU driver. */
function isOfAnyDriver(row: ProbeRow): boolean {
  return /^_*(pci|pcie|sriov|iommu)_/.test(row.symbol ?? row.event.replace(':', '_'));
}

function namesOf(rows: readonly ProbeRow[]): string[] {
  return [
    ...new Set(rows.map((row) => (row.symbol === null ? `trace event ${row.event}` : `${row.symbol}()`))),
  ];
}
