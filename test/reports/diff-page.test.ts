import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Difference, type DiffSide, difference } from '../../model/gate/difference.ts';
import { sideOf } from '../../model/gate/side.ts';
import { diffHtml } from '../../reports/diff/html.ts';
import { diffText } from '../../reports/diff/text.ts';
import { PLAIN } from '../../reports/palette.ts';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { analyzeCapture } from '../support/capture.ts';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const HOSTILE = `<script>document.title='owned'</script><img src=x onerror="document.title='owned'">\x1b[31m\u202egnp`;

async function side(name: string): Promise<DiffSide> {
  const analysis = await analyzeCapture(name);
  const { verdict, sentence, profile } = rowAt(analysis.verdict, 0);
  return {
    ...sideOf(analysis),
    label: name,
    kind: 'recording',
    verdict,
    sentence,
    profile,
    kernels: [],
    features: new Map(),
    calls: rowsOf(analysis.atsCalls),
  };
}

/** The clean life against the refused enable, with hostile text wherever text of a recording stands. */
async function hostileDifference(): Promise<Difference> {
  const after = await side('6.12-s2');
  return difference(await side('6.12-s1'), {
    ...after,
    label: HOSTILE,
    sentence: HOSTILE,
    kernels: [HOSTILE],
    findings: after.findings.map((finding) => ({ ...finding, message: HOSTILE })),
    features: new Map([[HOSTILE, { value: HOSTILE, origin: 'observed' }]]),
    rules: new Map([...after.rules].map(([rule, status]) => [rule, { ...status, why: HOSTILE }])),
  });
}

test('hostile text stays text on a terminal and on the page', async () => {
  const diff = await hostileDifference();
  const page = diffHtml(diff, 'worse', 'atscope test');
  for (const text of [page, diffText(diff, 'worse', PLAIN, 100)]) {
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
    expect(text).toContain('\\x1b');
  }
  expect(page).not.toMatch(/<(script|img)/);
});

describe.skipIf(!existsSync(executablePath))('the page of a difference in a browser', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atscope-diff-'));
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test('shows what differs, loads nothing, complains of nothing, is accessible, light and dark', async () => {
    const file = join(folder, 'diff.html');
    writeFileSync(file, diffHtml(await hostileDifference(), 'worse', 'atscope test'));
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 1200, height: 900 } });
      await context.setOffline(true);
      const page = await context.newPage();
      const complaints: string[] = [];
      const requests: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => requests.push(request.url()));
      const url = pathToFileURL(file).href;
      await page.goto(url);
      expect(await page.title()).toBe('ATS difference: worse');
      expect(await page.locator('#findings').innerText()).toContain('ATS004');
      expect(await page.locator('#calls').innerText()).toContain('page shift 13, returned -EINVAL');
      expect(await page.locator('#features').innerText()).toContain('<script>document.title=');
      expect([complaints, requests]).toEqual([[], [url]]);
      await page.setViewportSize({ width: 400, height: 900 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
      // The page allows no script; axe is brought by the browser's own means.
      const found = await page.evaluate(
        `${axe}; axe.run().then((result) => result.violations.map((one) => one.id))`,
      );
      expect(found).toEqual([]);
      await context.close();
    }
  });
});
