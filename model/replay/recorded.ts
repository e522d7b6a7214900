import type { EventColumns } from '../event-columns.ts';
import { EVENT_KINDS, KIND, UNKNOWN } from '../events.ts';
import { isFunctionAddress } from '../lift/arguments.ts';
import { NOTHING_LISTED, Observation, type Watch } from '../observation.ts';
import type { Order } from '../order.ts';

export interface RecordedInput {
  readonly events: EventColumns;
  readonly order: Order;
  /** How the recording was made, where that is known. */
  readonly watch?: Watch;
  /** Sources that nothing relates to the kernel's. */
  readonly apart: ReadonlySet<number>;
  /** The traces that ran together, of each part of the recording in turn. */
  readonly parts?: readonly (readonly number[])[];
}

const CONFIG_WRITE = KIND['config.write'];

/** What kinds of event the recording has, and what it would have shown: in all, and where the replay stands. */
export class Recorded {
  /** How many events of each kind there are. */
  readonly kindCounts: Int32Array;
  readonly observation: Observation;
  /** Writes of 16 bits by the kernel are recorded with their functions, by part: ATS Control is written so. */
  private readonly wordWrites: readonly boolean[];
  private part = 0;

  constructor({ events, order, watch, apart, parts = [] }: RecordedInput) {
    // Most recordings have one part, which is all there is.
    const several = parts.length > 1 ? parts : [];
    // What another machine recorded shows nothing of what this one's recording would show.
    const rows = apart.size === 0 ? order.rows : order.rows.filter((row) => !apart.has(events.source[row]));
    this.kindCounts = countKinds(events, rows);
    const rowsOfParts = several.map((sources) => {
      const others = new Set(several.filter((other) => other !== sources).flat());
      return rows.filter((row) => !others.has(events.source[row]));
    });
    this.observation = new Observation(
      this.kindCounts,
      watch ?? NOTHING_LISTED,
      several.map((sources, part) => ({ sources, counts: countKinds(events, rowsOfParts[part]) })),
    );
    this.wordWrites = (several.length > 0 ? rowsOfParts : [order.rows]).map((own) =>
      hasWordWrites(events, own),
    );
  }

  get showsWordWrites(): boolean {
    return this.wordWrites[this.part];
  }

  /** The replay comes to a part of the recording. */
  enter(part: number): void {
    this.part = part;
    this.observation.enter(part);
  }

  /** The replay is over: what is asked from now on is asked of the whole recording. */
  leave(): void {
    this.observation.enter(null);
  }
}

function countKinds(events: EventColumns, rows: Int32Array): Int32Array {
  const counts = new Int32Array(EVENT_KINDS.length);
  const { kind } = events;
  for (let at = 0; at < rows.length; at++) counts[kind[rows[at]]]++;
  return counts;
}

function hasWordWrites(events: EventColumns, rows: Int32Array): boolean {
  const { kind, width } = events;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    if (kind[row] !== CONFIG_WRITE || (width[row] !== 2 && width[row] !== UNKNOWN)) continue;
    // The event names its function, and not only by a pointer.
    const name = events.nameOf(events.device[row]);
    if (name !== null && isFunctionAddress(name)) return true;
  }
  return false;
}
