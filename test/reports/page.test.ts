import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDefinition } from '../../reports/definition/parse.ts';
import { htmlReport } from '../../reports/html.ts';
import { EVIDENCE, FINDINGS } from '../../tables/index.ts';
import { accessibilityProblems, HAS_CHROMIUM, PageVisitor, type VisitOptions } from '../support/browser.ts';
import { evidenceRow, findingRow, sampleAnalysis, tableOf } from './sample.ts';

const HOSTILE = `<script>document.title='owned'</script><img src=x onerror="document.title='owned'">\x1b[31m\u202egnp`;

/** A table long enough for pages, beside the built-in report. */
const LONG = parseDefinition(
  'long.report.md',
  [
    '---',
    'title: Long',
    '---',
    '# Long',
    '{% verdict /%}',
    '{% table numbers title="Numbers" %}',
    '{% queries /%}',
    '```sql numbers',
    "SELECT range AS n, 'word' || range AS word FROM range(1000) ORDER BY range",
    '```',
  ].join('\n'),
);

describe.skipIf(!HAS_CHROMIUM)('the page in a browser', () => {
  let visitor: PageVisitor;
  let url: string;
  let long: string;

  beforeAll(async () => {
    const analysis = sampleAnalysis();
    const report = await htmlReport({
      ...analysis,
      findings: tableOf(FINDINGS, [
        findingRow(0),
        findingRow(1, { rule: 'ATS004', message: HOSTILE, signature: 'ATS004:x' }),
        findingRow(2, { severity: 'note', rule: 'ATS090', name: 'trace-incomplete', signature: 'ATS090:x' }),
      ]),
      evidence: tableOf(EVIDENCE, [evidenceRow(0, 0), evidenceRow(1, 0, { text: HOSTILE })]),
    });
    visitor = await PageVisitor.launch();
    url = visitor.save('report', report);
    long = visitor.save('long', await htmlReport(analysis, { definition: LONG }));
  });

  afterAll(() => visitor.close());

  const visit = (options: VisitOptions, look: (page: Page) => Promise<void>, at = url) =>
    visitor.visit(at, options, look);

  for (const javaScriptEnabled of [true, false]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`verdict, findings and timeline show: ${colorScheme}, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
        await visit({ javaScriptEnabled, colorScheme }, async (page) => {
          expect(await page.locator('#verdict').isVisible()).toBe(true);
          expect(await page.locator('article.finding').count()).toBe(3);
          for (const finding of await page.locator('article.finding').all())
            expect(await finding.isVisible()).toBe(true);
          const chart = await page.locator('svg.chart').first().boundingBox();
          expect(chart?.width).toBeGreaterThan(800);
          expect(chart?.height).toBeGreaterThan(100);
          const shown = await page.locator('article.finding').nth(1).innerText();
          expect(shown).toContain("<script>document.title='owned'</script><img src=x");
          expect(shown).toContain('\\x1b[31m\\u202egnp');
          expect(await page.title()).toMatch(/^ATS fail/);
        });
      });
    }
  }

  test('the chart follows the colour scheme', async () => {
    const colours: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await visit({ javaScriptEnabled: true, colorScheme }, async (page) => {
        colours.push(
          String(await page.evaluate("getComputedStyle(document.querySelector('svg.chart text')).fill")),
        );
        expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(
          colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(21, 24, 27)',
        );
      });
    }
    expect(new Set(colours).size).toBe(2);
  });

  test('a link to a finding leads to it', async () => {
    await visit({ javaScriptEnabled: false, colorScheme: 'light' }, async (page) => {
      await page.goto(`${url}#finding-ATS090:x`);
      const box = await page.locator('[id="finding-ATS090:x"]').boundingBox();
      expect(box?.y).toBeGreaterThanOrEqual(0);
      expect(box?.y).toBeLessThan(900);
    });
  });

  test('nothing is wider than the window, even a narrow one', async () => {
    await visit({ javaScriptEnabled: true, colorScheme: 'light' }, async (page) => {
      for (const width of [1200, 800, 400]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      }
    });
  });

  const scripted = { javaScriptEnabled: true, colorScheme: 'light' } as const;

  test('the timeline zooms by button and key, and back', async () => {
    await visit(scripted, async (page) => {
      const figure = page.locator('figure.timeline').first();
      const bar = figure.locator('.on_marks rect').first();
      const before = await bar.boundingBox();
      const ticks = await figure.locator('.tick_labels_marks text').allTextContents();
      await figure.getByRole('button', { name: 'Zoom in' }).click();
      expect(await figure.getAttribute('data-zoom')).toBe('2');
      expect((await bar.boundingBox())?.width).toBeGreaterThan((before?.width ?? 0) * 1.9);
      expect(await figure.locator('.tick_labels_marks text').allTextContents()).not.toEqual(ticks);
      await figure.locator('.scroll').press('+');
      expect(await figure.getAttribute('data-zoom')).toBe('3');
      await figure.getByRole('button', { name: 'All' }).click();
      expect((await bar.boundingBox())?.width).toBeCloseTo(before?.width ?? 0, 0);
      expect(await figure.locator('.tick_labels_marks text').allTextContents()).toEqual(ticks);
    });
  });

  test('findings are filtered by text and severity, and a link brings a hidden one back', async () => {
    await visit(scripted, async (page) => {
      const shown = page.locator('article.finding:visible');
      await page.getByLabel('Filter findings').fill('ats004');
      expect(await shown.count()).toBe(2);
      expect(await page.locator('.filter [role=status]').textContent()).toBe('showing 2 of 3');
      await page.getByLabel('Filter findings').fill('');
      await page.getByRole('checkbox', { name: 'errors' }).uncheck();
      expect(await shown.count()).toBe(1);
      await page.evaluate("location.hash = '#finding-ATS004:x'");
      await page.locator('[id="finding-ATS004:x"]').waitFor({ state: 'visible' });
      expect(await shown.count()).toBe(3);
    });
  });

  test('a finding is copied as text for a mail', async () => {
    await visit(scripted, async (page) => {
      await page.getByRole('button', { name: 'Copy as text' }).first().click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const text = String(await page.evaluate('navigator.clipboard.readText()'));
      expect(text).toMatch(/^error: ATS003 vf-prepare-stu-mismatch\n/);
      expect(text).toContain('Evidence:');
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(75);
    });
  });

  test('a long table has pages and a filter, and its SQL is copied', async () => {
    await visit(
      scripted,
      async (page) => {
        const rows = page.locator('table.rows tbody tr:visible');
        const status = page.locator('.pages [role=status]');
        expect(await rows.count()).toBe(50);
        expect(await status.textContent()).toBe('rows 1 to 50 of 500');
        await page.getByRole('button', { name: 'Later rows: Numbers' }).click();
        expect(await rows.first().innerText()).toContain('word50');
        await page.getByLabel('Filter rows: Numbers').fill('word49');
        expect(await status.textContent()).toBe('rows 1 to 11 of 11');
        expect(await rows.allInnerTexts()).toEqual(
          ['49', ...Array.from({ length: 10 }, (_, index) => String(490 + index))].map(
            (n) => `${n}\tword${n}`,
          ),
        );
        await page.getByText('numbers', { exact: true }).click();
        await page.getByRole('button', { name: 'Copy SQL' }).click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        expect(String(await page.evaluate('navigator.clipboard.readText()'))).toMatch(/^SELECT range AS n/);
        expect(await accessibilityProblems(page)).toEqual([]);
      },
      long,
    );
  });

  test('without a script every row of a table is there', async () => {
    await visit(
      { javaScriptEnabled: false, colorScheme: 'light' },
      async (page) => {
        expect(await page.locator('table.rows tbody tr:visible').count()).toBe(500);
        expect(await page.getByText('Numbers, showing 500 of 1,000').count()).toBe(1);
      },
      long,
    );
  });

  test('light or dark can be chosen', async () => {
    await visit(scripted, async (page) => {
      await page.getByLabel('Colours').selectOption('dark');
      expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(
        'rgb(21, 24, 27)',
      );
    });
  });

  for (const [colorScheme, rules] of [
    ['light', '{}'],
    ['dark', "{ runOnly: ['color-contrast'] }"],
  ] as const) {
    test(`accessible by the rules of axe: ${colorScheme}`, async () => {
      await visit({ javaScriptEnabled: true, colorScheme }, async (page) => {
        expect(await accessibilityProblems(page, rules)).toEqual([]);
      });
    });
  }
});
