import { expect, test } from 'vitest';
import { clearDraft, EventColumns, newDraft } from '../../../model/event-columns.ts';
import { type EventKindName, KIND, POINT } from '../../../model/events.ts';
import { repeatingSources } from '../../../model/hardware/repeats.ts';

function eventsOf(...rows: readonly (readonly [source: number, kind: EventKindName])[]): EventColumns {
  const events = new EventColumns();
  const draft = newDraft();
  for (const [source, kind] of rows) {
    clearDraft(draft);
    draft.source = source;
    draft.kind = KIND[kind];
    draft.phase = POINT;
    events.add(draft);
  }
  return events;
}

test.each([
  [
    'both show invalidations',
    [
      [0, 'invalidate'],
      [1, 'invalidate'],
      [1, 'hw.write'],
    ],
    [1],
  ],
  [
    'two logs of the hardware',
    [
      [0, 'invalidate'],
      [1, 'hw.write'],
      [2, 'hw.reset'],
      [2, 'invalidate'],
    ],
    [1, 2],
  ],
  [
    'the kernel records none',
    [
      [0, 'ats.enable'],
      [1, 'invalidate'],
      [1, 'hw.write'],
    ],
    [],
  ],
  [
    'nobody shows any',
    [
      [0, 'ats.enable'],
      [1, 'hw.write'],
    ],
    [],
  ],
  ['there is no log of the hardware', [[0, 'invalidate']], []],
] as const)('logs that repeat what the kernel records: %s', (_what, rows, sources) => {
  expect([...repeatingSources(eventsOf(...rows))]).toEqual(sources);
});
