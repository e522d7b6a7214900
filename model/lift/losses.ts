import { type LOSSES, rowsOf, type Table } from '../../tables/index.ts';
import { clearDraft, type EventColumns, newDraft } from '../event-columns.ts';
import { KIND, POINT, UNKNOWN } from '../events.ts';

/** Losses as events, so that the replay meets them where they happened. */
export function liftLosses(losses: Table<typeof LOSSES>, events: EventColumns): void {
  const draft = newDraft();
  for (const loss of rowsOf(losses)) {
    // What came before the first record is unknown anyway, and after the last nothing follows.
    if (loss.kind === 'overwritten' || loss.kind === 'cut' || loss.kind === 'other-cpus') continue;
    // A rate limit leaves out repeated reports of one place; they change no state.
    if (loss.kind === 'suppressed') continue;
    clearDraft(draft);
    draft.kind = KIND.loss;
    draft.phase = POINT;
    draft.source = loss.source;
    draft.seq = loss.seq;
    draft.cpu = loss.cpu ?? UNKNOWN;
    draft.offset = Number(loss.offset);
    draft.length = 0;
    draft.line = loss.line ?? UNKNOWN;
    const time = loss.to_ns ?? loss.from_ns;
    if (time !== null) {
      draft.timed = 1;
      draft.timeLo = Number(time & 0xffffffffn);
      draft.timeHi = Number((time >> 32n) & 0xffffffffn);
    }
    events.add(draft);
  }
}
