import { expect, test } from 'vitest';
import { openDatabase } from '../../queries/database.ts';
import { htmlReport, renderHtml } from '../../reports/html.ts';
import {
  EVIDENCE,
  FINDINGS,
  IMPORT_LOG,
  type RowOf,
  SOURCES,
  STATE_INTERVALS,
  VERDICT,
} from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';
import { at, evidenceRow, findingRow, sampleAnalysis, sourceRow, tableOf } from './sample.ts';

/** A function whose ATS is switched on and off every 50 microseconds. */
function manyIntervals(count: number): RowOf<typeof STATE_INTERVALS>[] {
  return Array.from({ length: count }, (_, index) => ({
    fn: 0,
    function: '0000:01:00.0',
    layer: 'core',
    field: 'en',
    value: index % 2,
    from_ns: at(index * 50),
    to_ns: at(index * 50 + 50),
    from_event: index,
    to_event: index + 1,
    origin: 'call',
  }));
}

test('one file that loads nothing, with findings, limits, timeline and sources', async () => {
  const page = await htmlReport(sampleAnalysis());
  expect(page).toMatch(/^<!doctype html>/);
  for (const part of [
    "default-src 'none'",
    'id="finding-ATS003:0000:01:00.2:0"',
    'href="#finding-ATS004:0000:01:00.2"',
    'expected</dt><dd>page shift 12',
    'trace.txt:59',
    'VF 0000:01:00.2',
    'Record from boot',
    'LOST 123 EVENTS',
    'Timeline of PF family 0000:01:00.0',
    '<title>0000:01:00.1 PCI core: ATS on, 25.569000 .. 27.900000 s</title>',
    'ATS030',
    'prepare-exists',
  ]) {
    expect(page).toContain(part);
  }
  expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
    /https?:|src=|import\(|@import|url\((?!#)/,
  );
  expect(page.length).toBeLessThan(200_000);
});

test('the same analysis gives the same bytes', async () => {
  expect(await htmlReport(sampleAnalysis())).toBe(await htmlReport(sampleAnalysis()));
});

test('the number of threads changes nothing', async () => {
  const analysis = sampleAnalysis({ stateIntervals: tableOf(STATE_INTERVALS, manyIntervals(20_000)) });
  const pages: string[] = [];
  for (const threads of [1, 2]) {
    const db = await openDatabase(analysis, { threads });
    pages.push(await renderHtml(db));
    db.close();
  }
  expect(pages[0]).toBe(pages[1]);
});

test('cause before symptom', async () => {
  const page = await htmlReport(sampleAnalysis());
  expect(page.indexOf('id="finding-ATS003')).toBeLessThan(page.indexOf('id="finding-ATS004'));
});

test('hostile text stays text', async () => {
  const hostile = `</style></script><script>alert(1)</script><img src=x onerror=alert(2)>"'\x1b[31m\u202e\x00&amp;`;
  const page = await htmlReport(
    sampleAnalysis({
      verdict: tableOf(VERDICT, [
        { verdict: 'fail', gate: 'error', sentence: hostile, profile: hostile, tool: hostile },
      ]),
      sources: tableOf(SOURCES, [sourceRow(0, { path: hostile, kernel_release: hostile })]),
      findings: tableOf(FINDINGS, [
        findingRow(0, {
          function: hostile,
          message: hostile,
          rule: hostile,
          signature: hostile,
          severity: hostile,
        }),
      ]),
      evidence: tableOf(EVIDENCE, [evidenceRow(0, 0, { text: hostile, role: hostile })]),
      stateIntervals: tableOf(STATE_INTERVALS, [
        {
          fn: 2,
          function: hostile,
          layer: 'core',
          field: 'en',
          value: 1,
          from_ns: at(0),
          to_ns: at(5),
          from_event: 0,
          to_event: 1,
          origin: hostile,
        },
      ]),
    }),
  );
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).not.toMatch(/<img|onerror=alert\(2\)>/);
  expect(page).toContain('<span class="esc">\\x1b</span>[31m<span class="esc">\\u202e\\x00</span>&amp;amp;');
  expect(page.replaceAll('\n', '')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e]/);
});

test('caps are visible', async () => {
  const many = Array.from({ length: 250 }, (_, index) => findingRow(index, { event: index }));
  const log = Array.from({ length: 700 }, (_, index) => ({
    source: 0,
    severity: 'warning',
    code: 'unparsed-line',
    offset: BigInt(index),
    line: index + 1,
    count: 1,
    message: 'Expected an event.',
  }));
  const page = await htmlReport(
    sampleAnalysis({
      findings: tableOf(FINDINGS, many),
      importLog: tableOf(IMPORT_LOG, log),
      evidence: tableOf(EVIDENCE, [...Array.from({ length: 40 }, (_, index) => evidenceRow(0, index))]),
    }),
  );
  expect(page).toContain(
    'The other 100 of 250 findings, in brief; findings.json has all in full, showing 50 of 100',
  );
  expect(page).toContain('showing 500 of 700');
  expect(page).toContain('showing 12 of 40');
});

test('a record of ten megabytes is cut loudly', async () => {
  const page = await htmlReport(
    sampleAnalysis({ evidence: tableOf(EVIDENCE, [evidenceRow(0, 0, { text: 'x'.repeat(10_000_000) })]) }),
  );
  expect(page).toContain('characters more');
  expect(page.length).toBeLessThan(200_000);
});

test('many short changes become few marks', async () => {
  const page = await htmlReport(
    sampleAnalysis({ stateIntervals: tableOf(STATE_INTERVALS, manyIntervals(20_000)) }),
  );
  expect(page).toContain('Changes too close to tell apart are drawn as one mark.');
  expect(page.length).toBeLessThan(400_000);
});

test('an analysis without anything', async () => {
  const page = await htmlReport(
    sampleAnalysis({
      findings: tableOf(FINDINGS, []),
      evidence: tableOf(EVIDENCE, []),
      stateIntervals: tableOf(STATE_INTERVALS, []),
    }),
  );
  expect(page).toContain('No rule found anything.');
});

test('a clock that counts ticks is not shown as seconds', async () => {
  const page = await htmlReport(
    sampleAnalysis({ sources: tableOf(SOURCES, [sourceRow(0, { clock: 'counter', time_unit: 'ticks' })]) }),
  );
  expect(page).toContain('<span class="when data">tick 25590861000</span>');
  expect(page).toContain('Time in ticks');
  expect(page).toContain('since</dt><dd class="data">tick 25440000000</dd>');
});

/** Rows of the table below a caption, as texts of their cells. */
function rowsBelow(page: string, caption: string): string[][] {
  const body = page.split(`>${caption}</caption>`)[1]?.split('</table>')[0] ?? '';
  return [...body.matchAll(/<tr><td.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell]) => cell.replace(/<[^>]+>/g, '').trim()),
  );
}

test('where layers parted: once for each cause, with the event that made it and the finding', async () => {
  const page = await htmlReport(await analyzeCapture('7.2-s5'));
  expect(rowsBelow(page, 'Where the layers disagreed for longer than a call')).toEqual([
    [
      '0000:01:00.1',
      'register off, PCI core on',
      '15.188270',
      'config.write_user trace.txt:127',
      '3.32 s',
      'they agree',
      'ATS028',
    ],
    [
      '0000:01:00.0',
      'register page shift 13, PCI core page shift 12',
      '16.807887',
      'config.write_user trace.txt:129',
      '3.88 s',
      'end of recording',
      'ATS028',
    ],
  ]);
});

test('a VF without its PF is no family, and what concerns all is the recording', async () => {
  const page = await htmlReport(await analyzeCapture('6.12-s13'));
  expect([...page.matchAll(/<h3[^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual([
    'VF 0000:01:00.1 (its PF is not known): 1 note',
    'VF 0000:01:00.2 (its PF is not known): 1 note',
    'The recording as a whole: 1 note',
  ]);
});
