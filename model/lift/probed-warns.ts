import {
  columnOf,
  isNullAt,
  type LOG_RECORDS,
  rowsOf,
  type SPLAT_FRAMES,
  type SPLATS,
  type Table,
} from '../../tables/index.ts';
import type { EventColumns } from '../event-columns.ts';
import { KIND } from '../events.ts';

/** A frame of the probe that the arrival of one device starts; the sweep over all devices at boot has other frames. */
const PROBE_OF_ONE_DEVICE = 'iommu_bus_notifier';
/** Without caller ids, the message of the device stands right in front of the WARN: only "cut here" comes between. */
const RECORDS_BETWEEN = 2;
const NS_BETWEEN = 1_000_000_000n;

interface Place {
  readonly source: number;
  readonly seq: number;
  readonly event: number;
}

/**
 * Names the device of WARNs that an IOMMU driver gives inside the probe of one device. The WARN names none, but the same
 * task has just said which device it adds to a group, and the domain is attached after that (contract 5.1). With caller
 * ids the task is told by them; without, only the record right in front of the WARN counts.
 */
export function nameProbedWarns(
  records: Table<typeof LOG_RECORDS>,
  splats: Table<typeof SPLATS>,
  frames: Table<typeof SPLAT_FRAMES>,
  events: EventColumns,
): void {
  const warns = probedWarns(splats, frames, events);
  if (warns.length === 0) return;
  const added = placesOf(events, KIND['log.group_add']);
  const callers = callersOf(records, [...warns, ...added]);
  for (const warn of warns) {
    const caller = callers.get(keyOf(warn)) ?? null;
    const before = added.findLast(
      (place) =>
        place.source === warn.source &&
        place.seq < warn.seq &&
        (callers.get(keyOf(place)) ?? null) === caller,
    );
    if (!before || events.device[before.event] < 0) continue;
    if (caller === null && warn.seq - before.seq > RECORDS_BETWEEN) continue;
    const [then, now] = [events.timeOf(before.event), events.timeOf(warn.event)];
    if (then !== null && now !== null && now - then > NS_BETWEEN) continue;
    events.nameDevice(warn.event, events.device[before.event], before.event);
  }
}

function keyOf({ source, seq }: Place): string {
  return `${source}:${seq}`;
}

function placesOf(events: EventColumns, kind: number): Place[] {
  const places: Place[] = [];
  for (let event = 0; event < events.length; event++) {
    if (events.kind[event] === kind)
      places.push({ source: events.source[event], seq: events.seq[event], event });
  }
  return places;
}

/** WARNs whose call trace runs through the probe of one device. */
function probedWarns(
  splats: Table<typeof SPLATS>,
  frames: Table<typeof SPLAT_FRAMES>,
  events: EventColumns,
): Place[] {
  const warns = placesOf(events, KIND['log.warn']).filter(({ event }) => events.device[event] < 0);
  if (warns.length === 0) return [];
  const probing = new Set<string>();
  for (const frame of rowsOf(frames)) {
    if (frame.symbol === PROBE_OF_ONE_DEVICE && frame.reliable) probing.add(`${frame.source}:${frame.splat}`);
  }
  const firsts = new Set(
    rowsOf(splats)
      .filter((splat) => probing.has(`${splat.source}:${splat.splat}`))
      .map((splat) => `${splat.source}:${splat.first_seq}`),
  );
  return warns.filter((warn) => firsts.has(keyOf(warn)));
}

/** The caller id (`T50`, `C1`) of some records, where they print one. */
function callersOf(records: Table<typeof LOG_RECORDS>, places: readonly Place[]): Map<string, string> {
  const wanted = new Set(places.map(keyOf));
  const [source, seq, caller] = ['source', 'seq', 'caller'].map((name) => columnOf(records, name));
  const callers = new Map<string, string>();
  for (let row = 0; row < records.length; row++) {
    if (isNullAt(caller, row)) continue;
    const key = `${source.data[row]}:${seq.data[row]}`;
    if (wanted.has(key))
      callers.set(key, (caller.dictionary as readonly string[])[caller.data[row] as number]);
  }
  return callers;
}
