import type { EventColumns } from '../event-columns.ts';
import type { Order } from '../order.ts';
import type { Watched } from '../stretches.ts';

/** With the event at this place another part of the recording begins. */
export interface Pause {
  readonly position: number;
  readonly part: number;
  /** It is known when the part before it ended; else nothing tells how the two stand in time. */
  readonly isDated: boolean;
}

/**
 * The pauses of a recording in the order of the replay: the first event after the end of each stretch but the last, and the
 * first of each trace that may have run at any time.
 */
export function pausesOf(events: EventColumns, order: Order, { stretches, undated }: Watched): Pause[] {
  const { rows, time, timed } = order;
  const found: Pause[] = [];
  if (stretches.length + undated.length < 2) return found;
  let part = 1;
  for (let position = 0; position < rows.length && part < stretches.length; position++) {
    const row = rows[position];
    if (!timed[row] || time[row] <= stretches[part - 1].to) continue;
    // A stretch may have no event of the model.
    while (part < stretches.length - 1 && time[row] > stretches[part].to) part++;
    found.push({ position, part: part++, isDated: true });
  }
  let last = -1;
  for (let position = 0; position < rows.length; position++) {
    const source = events.source[rows[position]];
    const at = source === last ? -1 : undated.indexOf(source);
    if (at >= 0) found.push({ position, part: stretches.length + at, isDated: false });
    last = source;
  }
  return found;
}
