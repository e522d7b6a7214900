import type { EventColumns } from '../event-columns.ts';
import type { Order } from '../order.ts';
import type { Watched } from '../stretches.ts';

/** Up to the event at this place nobody looked for a while, and with it another part of the recording begins. */
export interface Pause {
  readonly position: number;
  readonly part: number;
}

/**
 * The pauses of a recording in the order of the replay: the first event after the end of each stretch but the last, and the
 * first of each trace that may have run at any time.
 */
export function pausesOf(events: EventColumns, order: Order, { stretches, undated }: Watched): Pause[] {
  const { rows, time, timed } = order;
  const found: Pause[] = [];
  let part = 1;
  for (let position = 0; position < rows.length && part < stretches.length; position++) {
    const row = rows[position];
    if (!timed[row] || time[row] <= stretches[part - 1].to) continue;
    // A stretch may have no event of the model.
    while (part < stretches.length - 1 && time[row] > stretches[part].to) part++;
    found.push({ position, part: part++ });
  }
  let last = -1;
  for (let position = 0; position < rows.length && undated.length > 0; position++) {
    const source = events.source[rows[position]];
    const at = source === last ? -1 : undated.indexOf(source);
    if (at >= 0) found.push({ position, part: stretches.length + at });
    last = source;
  }
  return found;
}
