import { describe, expect, test } from 'vitest';
import { ftraceText } from '../../../ingest/ftrace-text/index.ts';
import type { Recorded } from '../../../ingest/recording.ts';
import { rowsOf } from '../../../tables/index.ts';
import { decode, eventsOf, fixture, notesOf, sourceOf } from './helpers.ts';

const TEXTS = [
  'fmt/nop.txt',
  'fmt/nop-tgid.txt',
  'fmt/nop-stacktrace.txt',
  'fmt/nop-latency.txt',
  'fmt/nop.report.txt',
  'fmt/function-args.txt',
  'fmt/fg-all.txt',
  'fmt/fg-abstime-proc.txt',
  'fmt/fg-retaddr.report.txt',
];

/** What a reading gives apart from where it stands in the text. */
function story(recorded: Recorded): unknown {
  const { detail, records, unparsed } = sourceOf(recorded);
  const events = eventsOf(recorded).map(({ offset, length, line, ...rest }) => rest);
  const losses = rowsOf(recorded.losses).map((row) => [row.kind, row.cpu, row.count, row.seq]);
  return { detail, records, unparsed, events, losses, notes: notesOf(recorded) };
}

function confidence(text: string): number {
  const head = Buffer.from(text, 'latin1');
  return ftraceText.detect({ path: 'paste.txt', head, size: head.length }).confidence;
}

function everyLine(text: string, change: (line: string, i: number) => string): string {
  return text.replace(/^.*\n/gm, (line) => change(line, text.length));
}

/** Puts `prefix` before every line, with the number of the line for N. */
function prefixed(text: string, prefix: string): string {
  let line = 0;
  return everyLine(text, (whole) => prefix.replace('N', String(++line)) + whole);
}

describe('what something put before every line is passed over', () => {
  const prefixes = [
    '> ',
    '> > ',
    '>> ',
    '| ',
    '    ',
    '\t',
    'N:',
    'N\t',
    '  N  ',
    'trace.txt:N:',
    '/tmp/a-b/trace.txt:',
    '2026-11-25T12:00:00.1234567Z ',
    '[2026-11-25T12:00:00.123Z] ',
    '[12:00:00] ',
    '> 2026-11-25T12:00:00.1234567Z ',
  ];
  for (const name of TEXTS) {
    test.each(prefixes)(`${name} behind "%s"`, async (prefix) => {
      const text = fixture(name).toString('latin1');
      const paste = prefixed(text, prefix);
      expect(story(await decode(paste))).toEqual(story(await decode(text)));
      expect(confidence(paste)).toBeGreaterThanOrEqual(80);
    });
  }

  test('losses count behind it', async () => {
    const text = `              sh-50      [000] .....     5.674904: e: a=1
CPU:1 [LOST 5 EVENTS]
              sh-50      [001] .....     5.674905: e: a=1
CPU:1 [3 EVENTS DROPPED]
              sh-50      [001] .....     5.674906: e: a=1
`;
    const losses = async (paste: string) =>
      rowsOf((await decode(paste)).losses).map((row) => [row.kind, row.cpu, row.count, row.seq]);
    const expected = [
      ['lost', 1, 5n, 1],
      ['dropped', 1, 3n, 2],
    ];
    expect(await losses(text)).toEqual(expected);
    for (const prefix of prefixes) expect(await losses(prefixed(text, prefix))).toEqual(expected);
    // trace-cmd report names the input before the loss, and not before the event that follows it.
    expect(await losses(text.replace(/^CPU:1 \[3/m, '  guest.dat: CPU:1 [3'))).toEqual(expected);
  });
});
