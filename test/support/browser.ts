import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Whether there is a chromium to open pages in. */
export const HAS_CHROMIUM = existsSync(executablePath);

export interface VisitOptions {
  readonly javaScriptEnabled: boolean;
  readonly colorScheme: 'light' | 'dark';
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** Opens pages in a real browser, without a network, and sees to it that they neither complain nor ask for anything. */
export class PageVisitor {
  private readonly folder = mkdtempSync(join(tmpdir(), 'atscope-page-'));
  private readonly contexts = new Map<string, BrowserContext>();
  private readonly browser: Browser;

  private constructor(browser: Browser) {
    this.browser = browser;
  }

  static async launch(): Promise<PageVisitor> {
    return new PageVisitor(await chromium.launch({ executablePath, args: FLAGS }));
  }

  /** Writes a page to a file and gives its address. */
  save(name: string, page: string): string {
    const file = join(this.folder, `${name}.html`);
    writeFileSync(file, page);
    return pathToFileURL(file).href;
  }

  private async context(options: VisitOptions): Promise<BrowserContext> {
    const key = JSON.stringify(options);
    let context = this.contexts.get(key);
    if (!context) {
      context = await this.browser.newContext({ ...options, viewport: { width: 1200, height: 900 } });
      await context.setOffline(true);
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      this.contexts.set(key, context);
    }
    return context;
  }

  async visit(url: string, options: VisitOptions, look: (page: Page) => Promise<void>): Promise<void> {
    const context = await this.context(options);
    const complaints: string[] = [];
    const requests: string[] = [];
    const page = await context.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(url);
    await look(page);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([url]);
    await page.close();
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true });
  }
}

let axe: string | null = null;

/** What the rules of axe say against a page; `{}` is all rules. */
export async function accessibilityProblems(page: Page, rules = '{}'): Promise<unknown[]> {
  axe ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  const violations = (await page.evaluate(`axe.run(${rules}).then((r) => r.violations)`)) as Violation[];
  return violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes[0].html }));
}
