import { expect, test } from 'vitest';
import { InputError } from '../../../ingest/input-error.ts';
import { StagedRecords } from '../../../ingest/kernel-log/staging.ts';
import { LOG_RECORDS, TableBuilder } from '../../../tables/index.ts';

test('messages that one table cannot hold are refused with a way out', () => {
  const staged = new StagedRecords(new TableBuilder(LOG_RECORDS), 0, 'soak.log', 3000);
  staged.reserveText(2000);
  staged.endRow(2000);
  staged.reserveText(1000);
  staged.endRow(1000);
  const tooMuch = () => staged.reserveText(staged.text.length);
  expect(tooMuch).toThrow(InputError);
  expect(tooMuch).toThrow(/soak\.log: its messages are longer than 3000 bytes.*tail -c/);
});
