import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { detect } from '../../../ingest/kernel-log/detect.ts';
import { rowsOf } from '../../../tables/index.ts';
import { analyzeBytes } from '../../support/pipeline.ts';
import { FIXTURES } from './corpus.ts';

const LINES = readFileSync(`${FIXTURES}captures/6.12-s3/dmesg.txt`, 'utf8').trimEnd().split('\n');
const AT = LINES.findIndex((line) => line.includes('WARNING:'));
/** The begin of the log and its first WARN with all its lines. */
const PIECE = [...LINES.slice(0, 3), ...LINES.slice(AT - 5, AT + 55)];

const escaped = (line: string) =>
  line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** What places that people copy from make of a line. */
const PLACES: readonly (readonly [string, (line: string, number: number) => string])[] = [
  ['the source of a page', escaped],
  ['the source of a page with line breaks', (line) => `${escaped(line)}<br>`],
  ['the source of a page with spaces kept', (line) => escaped(line).replaceAll(' ', '&nbsp;')],
  ['a page with a tag around each line', (line) => `<span class="line">${escaped(line)}</span>`],
  ['GitHub Actions', (line) => `2026-03-05T12:00:01.1234567Z ${line}`],
  ['GitLab CI', (line) => `2026-03-05T12:00:01.123456Z 00O ${line}`],
  ['Jenkins', (line) => `[2026-03-05T12:00:01.123Z] ${line}`],
  ['TeamCity', (line) => `[12:00:01]W:\t [Step 1/3] ${line}`],
  ['docker compose', (line) => `qemu-1  | ${line}`],
  ['the log of a container', (line) => `2026-03-05T12:00:01.123456789Z stderr F ${line}`],
  ['ts of moreutils', (line) => `Mar 05 12:00:01 ${line}`],
  ['grep -n over files', (line, number) => `dmesg.txt:${number}:${line}`],
  ['a mail quoted twice', (line) => `> > ${line}`],
  ['a terminal program', (line) => `[2026-03-05 12:00:01] ${line}`],
  ['a terminal with carriage returns', (line) => `\r${line}\r`],
  ['dmesg --color=always', (line) => line.replace(/^(\[ *[\d.]+\]) /, '\x1b[32m$1 \x1b[0m')],
  ['a code block', (line) => `    ${line}`],
];

async function read(text: string | Uint8Array) {
  const analysis = await analyzeBytes({ 'paste.txt': text });
  const [source] = rowsOf(analysis.sources);
  const sum =
    source.record_bytes +
    source.continuation_bytes +
    source.marker_bytes +
    source.comment_bytes +
    source.unparsed_bytes;
  expect(sum).toBe(source.bytes);
  return {
    records: rowsOf(analysis.logRecords).map((row) => [row.time_ns, row.message]),
    splats: rowsOf(analysis.splats).map((row) => [row.kind, row.symbol, row.cpu, row.pid, row.comm]),
    frames: rowsOf(analysis.splatFrames).map((row) => [row.symbol, row.symbol_offset]),
    places: rowsOf(analysis.logRecords).map((row) => row.line),
  };
}

describe('a paste tells what the log tells, wherever it was copied from', () => {
  test.each(PLACES)('%s', async (_, make) => {
    expect(await read(`${PIECE.map(make).join('\n')}\n`)).toEqual(await read(`${PIECE.join('\n')}\n`));
  });
});

test('text that only has entities, or brackets in prose, is no log', () => {
  const confidence = (text: string) =>
    detect({ path: 'x', head: Buffer.from(text), size: text.length }).confidence;
  expect(confidence('a &lt; b &amp;&amp; c &gt; d\n')).toBe(0);
  expect(confidence('see [1.2] and [3.14]\n')).toBe(0);
  expect(
    confidence('  sh-150  [000] ..... 25.421342: console: [   25.421000] hello\n'.repeat(3)),
  ).toBeLessThan(20);
});
