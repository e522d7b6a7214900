import { type RowOf, rowsOf, type SOURCES, type Table } from '../tables/index.ts';
import type { EventColumns } from './event-columns.ts';
import { isHardwareSource } from './hardware/align.ts';
import { placeListings } from './listings.ts';
import { LogAligner } from './log-alignment.ts';
import { type ClockRelation, mergeSources } from './order.ts';
import type { Twin } from './twins.ts';

/** What kind of clock a format has; the others are traces or logs of the hardware. */
const CLASSES: Readonly<Record<string, string>> = { 'kernel-log': 'log', lspci: 'listing' };

/**
 * Lays the clocks of all sources onto that of the first trace (or of the first source). A log and a trace share no
 * clock: they are aligned by what both tell (`log-alignment.ts`), or stay concurrent.
 */
export function relateClocks(
  sources: Table<typeof SOURCES>,
  events: EventColumns,
  twins: readonly Twin[],
): ClockRelation[] {
  const relations = relateDistinct(sources, events, twins);
  const paths = rowsOf(sources).map((row) => row.path);
  return relations.map((relation) => {
    const twin = twins.find((candidate) => candidate.source === relation.source);
    return twin ? relateTwin(twin, relations[twin.of], paths[twin.of]) : relation;
  });
}

/** A twin lies on the clock of the source whose events it recorded too. */
function relateTwin(twin: Twin, of: ClockRelation, path: string): ClockRelation {
  const onto = of.offsetNs ?? 0n;
  return {
    source: twin.source,
    relation: of.relation === 'concurrent' ? 'concurrent' : 'aligned',
    offsetNs: of.offsetNs === null ? null : onto + twin.offsetNs,
    residualNs: of.offsetNs === null ? null : twin.residualNs + (of.residualNs ?? 0n),
    matches: twin.matched,
    method: `${twin.matched} of its ${twin.total} events are in ${path} as well and count once`,
    joins: { ...twin, extras: twin.extras.map((extra) => ({ ...extra, offset: onto + extra.offset })) },
  };
}

function relateDistinct(
  sources: Table<typeof SOURCES>,
  events: EventColumns,
  twins: readonly Twin[],
): ClockRelation[] {
  const rows = rowsOf(sources);
  const classOf = (row: SourceRow) => CLASSES[row.format] ?? (isHardwareSource(row) ? 'hardware' : 'trace');
  const isTwin = (source: number) => twins.some((twin) => twin.source === source);
  const reference =
    ['trace', 'log', 'hardware', 'listing']
      .map((wanted) => rows.find((row) => classOf(row) === wanted && row.records > 0n))
      .find((row) => row) ?? rows[0];
  const listings = placeListings(rows);
  const isLog = (source: number) => classOf(rows[source]) === 'log';
  const assumed = rows
    .filter((row) => classOf(row) === classOf(reference))
    .map((row) => relateAlike(row, reference));
  const logs = rows.filter((row) => isLog(row.source) && !isTwin(row.source));
  const traces =
    classOf(reference) !== 'trace'
      ? assumed
      : assumed.map((relation) =>
          relation.relation === 'reference' || isTwin(relation.source)
            ? relation
            : (relateByLog(events, relation, reference, logs) ?? relation),
        );
  // A log may share events with any trace on the common clock.
  const onCommonClock = traces.filter((relation) => relation.offsetNs !== null && !isTwin(relation.source));
  const log =
    classOf(reference) === 'trace' && logs.length > 0
      ? new LogAligner(events, mergeSources(events, onCommonClock))
      : null;
  return rows.map(
    (row) =>
      listings.get(row.source) ??
      traces.find((relation) => relation.source === row.source) ??
      (log && isLog(row.source) ? log.align(row.source) : null) ??
      unrelated(row.source),
  );
}

type SourceRow = RowOf<typeof SOURCES>;

/**
 * A log that shares events with two traces tells how their clocks stand to each other: an early trace by the kernel's
 * command line and a later one often have different clocks, and a text names none. Null where it confirms what was
 * assumed, or tells nothing.
 */
function relateByLog(
  events: EventColumns,
  assumed: ClockRelation,
  reference: SourceRow,
  logs: readonly SourceRow[],
): ClockRelation | null {
  const alone = (source: number) => new LogAligner(events, mergeSources(events, [ownClock(source)]));
  const [here, there] = [alone(assumed.source), alone(reference.source)];
  for (const log of logs) {
    const own = here.align(log.source);
    const common = own && there.align(log.source);
    if (own?.offsetNs == null || common?.offsetNs == null) continue;
    const offset = common.offsetNs - own.offsetNs;
    const residual = (own.residualNs ?? 0n) + (common.residualNs ?? 0n);
    if (assumed.offsetNs !== null && offset <= residual && offset >= -residual) return null;
    return {
      source: assumed.source,
      relation: 'aligned',
      offsetNs: offset,
      residualNs: residual,
      matches: own.matches,
      method: `by ${log.path}, which shares events with this trace and with ${reference.path}`,
    };
  }
  return null;
}

function ownClock(source: number): ClockRelation {
  return { source, relation: 'reference', offsetNs: 0n, residualNs: 0n, matches: 0, method: '' };
}

/** Two traces, or two logs: they share a clock unless one of them says otherwise. */
function relateAlike(row: SourceRow, reference: SourceRow): ClockRelation {
  const base = { source: row.source, residualNs: null, matches: 0, offsetNs: 0n };
  if (row === reference) {
    return {
      ...base,
      relation: 'reference',
      residualNs: 0n,
      method: 'the common time is the clock of this source',
    };
  }
  if (row.time_unit !== reference.time_unit) {
    return { ...unrelated(row.source), method: 'one clock counts time, the other does not' };
  }
  if (row.clock !== null && reference.clock !== null && row.clock !== reference.clock) {
    return { ...unrelated(row.source), method: `clock ${row.clock} is not clock ${reference.clock}` };
  }
  return {
    ...base,
    relation: 'same',
    method: 'taken as the same clock: both are of one kind and neither says otherwise',
  };
}

function unrelated(source: number): ClockRelation {
  return {
    source,
    relation: 'concurrent',
    offsetNs: null,
    residualNs: null,
    matches: 0,
    method: 'no event is in both sources; the order between them is unknown',
  };
}
