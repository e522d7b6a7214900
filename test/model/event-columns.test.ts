import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clearDraft, EventColumns, newDraft } from '../../model/event-columns.ts';
import { KIND, POINT, RETURN, UNKNOWN } from '../../model/events.ts';
import { analyzeBytes } from '../support/pipeline.ts';

const ROWS = 5000;

describe('events as columns', () => {
  it('keep every value while they grow, and what an event does not carry stays unknown', () => {
    const events = new EventColumns();
    const draft = newDraft();
    for (let row = 0; row < ROWS; row++) {
      clearDraft(draft);
      draft.kind = row % 2 ? KIND['config.write'] : KIND['ats.enable'];
      draft.phase = row % 2 ? POINT : RETURN;
      draft.seq = row;
      draft.offset = row * 1e6;
      draft.timed = row % 3 ? 1 : 0;
      draft.timeLo = row;
      if (row % 5 === 0) draft.result = -row;
      // A column that begins late.
      if (row > ROWS - 10) draft.width = 2;
      draft.isVf = [0, 1, -1, UNKNOWN][row % 4];
      draft.isPf = [UNKNOWN, 0, 1][row % 3];
      draft.untrusted = row % 7 === 0 ? 1 : UNKNOWN;
      events.add(draft);
    }
    expect(events.length).toBe(ROWS);
    for (let row = 0; row < ROWS; row++) {
      expect([
        events.kind[row],
        events.phase[row],
        events.seq[row],
        events.offsetOf(row),
        events.timeOf(row),
        events.result[row],
        events.width[row],
        events.where[row],
        events.isVf(row),
        events.isPf(row),
        events.untrusted(row),
      ]).toEqual([
        row % 2 ? KIND['config.write'] : KIND['ats.enable'],
        row % 2 ? POINT : RETURN,
        row,
        row * 1e6,
        row % 3 ? BigInt(row) : null,
        row % 5 === 0 ? -row || 0 : UNKNOWN,
        row > ROWS - 10 ? 2 : UNKNOWN,
        UNKNOWN,
        [0, 1, 1, UNKNOWN][row % 4],
        [UNKNOWN, 0, 1][row % 3],
        row % 7 === 0 ? 1 : UNKNOWN,
      ]);
    }
  });
});

const CAPTURES = join(import.meta.dirname, '../fixtures/captures');

it('tables that are made later have as many rows as they said', async () => {
  const name = readdirSync(CAPTURES).sort()[0];
  const analysis = await analyzeBytes({ 'trace.txt': readFileSync(join(CAPTURES, name, 'trace.txt')) });
  for (const table of [
    analysis.atsEvents,
    analysis.atsCalls,
    analysis.transitions,
    analysis.stateIntervals,
  ]) {
    expect(table.length).toBeGreaterThan(0);
    for (const column of table.columns)
      expect([table.def.name, column.length]).toEqual([table.def.name, table.length]);
  }
});
