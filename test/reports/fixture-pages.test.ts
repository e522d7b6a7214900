import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { htmlReport } from '../../reports/html.ts';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { accessibilityProblems, HAS_CHROMIUM, PageVisitor } from '../support/browser.ts';
import { analyzeCapture, CAPTURES } from '../support/capture.ts';
import { analyzeBytes } from '../support/pipeline.ts';

/** Links within the page that lead nowhere. */
const DEAD_LINKS =
  '[...document.querySelectorAll(\'a[href^="#"]\')].filter((a) => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.hash)';
/** Ids that stand twice. */
const TWICE =
  "[...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)";

describe.skipIf(!HAS_CHROMIUM)('the reports of the fixtures in a browser', () => {
  let visitor: PageVisitor;
  beforeAll(async () => {
    visitor = await PageVisitor.launch();
  });
  afterAll(() => visitor.close());

  test.each(readdirSync(CAPTURES).sort())('%s', async (capture) => {
    const analysis = await analyzeCapture(capture);
    const report = await htmlReport(analysis);
    expect(report.length).toBeLessThan(400_000);
    const url = visitor.save(capture, report);
    const { verdict } = rowAt(analysis.verdict, 0);
    const findings = rowsOf(analysis.findings).length;
    for (const options of [
      { javaScriptEnabled: true, colorScheme: 'dark' },
      { javaScriptEnabled: false, colorScheme: 'light' },
    ] as const) {
      await visitor.visit(url, options, async (page) => {
        expect(await page.locator('#verdict').innerText()).toContain(verdict.toUpperCase());
        expect(await page.locator('article.finding:visible').count()).toBe(findings);
        // Scripts of a test are evaluated although those of the page are not.
        expect(await page.evaluate(DEAD_LINKS)).toEqual([]);
        expect(await page.evaluate(TWICE)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1200);
      });
    }
  });

  test('a family of 64 VFs has one lane for each function, and stays readable', async () => {
    const url = visitor.save('many', await htmlReport(await analyzeBytes({ 'trace.txt': manyVfs(64) })));
    await visitor.visit(url, { javaScriptEnabled: true, colorScheme: 'light' }, async (page) => {
      const labels = page.locator('.lane_labels_marks text');
      expect(await labels.count()).toBe(65);
      const boxes = await Promise.all([3, 4].map((index) => labels.nth(index).boundingBox()));
      expect(boxes[1]?.y).toBeGreaterThan((boxes[0]?.y ?? 0) + 10);
      expect(await page.locator('.matrix td.cell:not(.none)').count()).toBe(65);
      expect(await page.locator('.matrix td.error a').count()).toBe(1);
      expect(await accessibilityProblems(page)).toEqual([]);
    });
  });

  test('a hostile log is text', async () => {
    const hostile = [
      '<script>document.title="owned"</script>',
      '</script><script>document.title="owned"</script>',
      '<img src=x onerror=document.title="owned">',
      '\u202egnirts\u2066',
      'a\u0000b\u001b[31mred\u0007',
      '{{verdict.sentence}} {% table findings %} [x](javascript:alert(1)) ![y](http://z/)',
    ];
    const trace = manyVfs(2, (name) => name.replace('sh-150', '<b>x-150'));
    const log = [
      ...hostile.map((text, index) => `[  100.0000${index}0] pci 0000:01:00.1: ${text}`),
      `[  100.000900] pci 0000:01:00.1: ${'x'.repeat(10_000_000)}`,
    ].join('\n');
    const report = await htmlReport(await analyzeBytes({ 'tr<script>ace.txt': trace, 'dmesg.txt': log }));
    expect(report.length).toBeLessThan(400_000);
    expect(report.match(/<script/g)).toHaveLength(1);
    const url = visitor.save('hostile', report);
    for (const javaScriptEnabled of [true, false]) {
      await visitor.visit(url, { javaScriptEnabled, colorScheme: 'light' }, async (page) => {
        expect(await page.title()).toMatch(/^ATS /);
        const text = String(await page.evaluate("document.querySelector('main').textContent"));
        for (const part of [
          '<img src=x onerror=',
          '\\u202egnirts\\u2066',
          // The reader of logs takes NULs and ANSI sequences away.
          'pci 0000:01:00.1: abred',
          '{{verdict.sentence}}',
        ])
          expect(text).toContain(part);
        expect(text).toMatch(/characters more/);
        expect(text.replaceAll('\n', '')).not.toMatch(
          /[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/,
        );
        expect(await page.locator('main img, main b.x').count()).toBe(0);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1200);
      });
    }
  });
});

/** A PF with VFs that appear and are enabled, the last one with a page shift that is not the one of the PF. */
function manyVfs(count: number, line: (text: string) => string = (text) => text): string {
  const lines = ['# tracer: nop', '#', '#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION'];
  let us = 100_000_000;
  const event = (name: string, where: string, args: string) => {
    us += 7;
    const time = `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`;
    lines.push(line(`              sh-150     [000] .....  ${time}: ${name}: (${where}) ${args}`));
  };
  const device = (vf: number, en: number, bdf: string) =>
    `vf=${vf} pf=${1 - vf} en=${en} cap=0x100 stu=${vf ? 0 : 12} bdf="${bdf}"`;
  const enable = (bdf: string, vf: number, shift: number, result: number) => {
    event('pci_enable_ats', 'pci_enable_ats+0x4/0x80', `ps=${shift} ${device(vf, 0, bdf)}`);
    const back = `ps=${shift} ret=${result} ${device(vf, result === 0 ? 1 : 0, bdf)}`;
    event('pci_enable_ats_ret', 'iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats', back);
  };
  const supported = (bdf: string, vf: number) =>
    event(
      'pci_ats_supported_ret',
      'intel_iommu_probe_device+0x5eb/0x8e0 <- pci_ats_supported',
      `untrusted=0 ret=1 ${device(vf, 0, bdf)}`,
    );
  const pf = '0000:01:00.0';
  event('pci_device_add', 'pci_device_add+0x4/0x640', `vf=0 bdf="${pf}"`);
  supported(pf, 0);
  enable(pf, 0, 12, 0);
  for (let vf = 0; vf < count; vf++) {
    const bdf = `0000:01:${((vf + 1) >> 3).toString(16).padStart(2, '0')}.${(vf + 1) & 7}`;
    event('vf_add', 'pci_iov_add_virtfn+0x4/0x300', `id=${vf} bdf="${pf}"`);
    event('pci_device_add', 'pci_device_add+0x4/0x640', `vf=1 bdf="${bdf}"`);
    supported(bdf, 1);
    enable(bdf, 1, vf === count - 1 ? 13 : 12, vf === count - 1 ? -22 : 0);
    event('vf_add_ret', 'sriov_enable+0x1/0x2 <- pci_iov_add_virtfn', `id=${vf} ret=0 bdf="${pf}"`);
  }
  return `${lines.join('\n')}\n`;
}
