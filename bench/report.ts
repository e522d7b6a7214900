// How long the report of a story of 100,000 events takes to make, and to become interactive in chromium (set CHROMIUM_PATH
// where it is not /usr/bin/chromium). Run with: npm run bench -- report [EVENTS] [--page FILE] [--trace FILE]

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { TraceWriter } from '../test/support/trace-writer.ts';

const PFS = 4;
const VFS = 64;
const RUNS = 5;
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { page: { type: 'string' }, trace: { type: 'string' } },
  allowPositionals: true,
});
const EVENTS = Number(positionals[0] ?? 100_000);

/** PFs whose VFs are enabled and disabled over and over; now and then an enable fails, or the STU is wrong, or a WARN comes. */
function story(): string {
  const trace = new TraceWriter();
  const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
  const vfs: { readonly vf: string; readonly pf: string; on: boolean }[] = [];
  const state = { vf: 1, pf: 0, cap: '0x100' };
  const enable = (device: string, control: number, where: object) =>
    trace.enable(device, 12, 0, { ...where, en: [0, 1], inside: () => trace.write(device, 0x106, control) });
  for (let pf = 0; pf < PFS; pf++) {
    const address = `0000:${hex(pf + 1, 2)}:00.0`;
    trace.appear(address).supported(address, 1, { vf: 0, pf: 1, cap: '0x100' });
    trace.prepare(address, 12, 0, { vf: 0, pf: 1, cap: '0x100', en: [0, 0], stu: [0, 12] });
    enable(address, 0x8000, { vf: 0, pf: 1, cap: '0x100', stu: [12, 12] });
    for (let i = 0; i < VFS; i++) {
      const vf = `0000:${hex(pf + 1, 2)}:${hex((i + 1) >> 3, 2)}.${(i + 1) & 7}`;
      trace.addVf(address, vf, i, () => {
        trace.supported(vf, 1, state).prepare(vf, 12, 0, state);
        enable(vf, 0x8000, state);
      });
      vfs.push({ vf, pf: address, on: true });
    }
  }
  // No generator of random numbers: the same story each time.
  for (let turn = 0; trace.lines.length < EVENTS; turn++) {
    const one = vfs[(turn * 97) % vfs.length];
    const { vf } = one;
    trace.cpu = turn % 16;
    trace.task = `qemu-${1000 + (turn % 40)}`;
    if (turn % 50 === 0) trace.wait(200);
    if (one.on) {
      trace.disable(vf, { ...state, en: [1, 0], inside: () => trace.write(vf, 0x106, 0) });
      one.on = false;
    } else if (turn % 1009 === 0) {
      trace.supported(vf, 1, state).enable(vf, 16, -22, { ...state, en: [0, 0] });
    } else {
      trace.supported(vf, 1, state);
      enable(vf, 0x8000, state);
      one.on = true;
      if (turn % 2003 === 0) trace.write(vf, 0x106, 0x8001, '0x100', true);
    }
  }
  return trace.text();
}

/** Milliseconds of a run, and of the processor (all threads). */
interface Timing {
  readonly wall: number;
  readonly processor: number;
}

/** Runs the built program as a user does; the shell tells its processor time. */
function run(...args: readonly string[]): Timing {
  const start = performance.now();
  const script = '"$@" >/dev/null; code=$?; times; exit $code';
  const done = spawnSync('sh', ['-c', script, 'sh', process.execPath, 'bin/atscope', ...args], {
    encoding: 'utf8',
  });
  const wall = performance.now() - start;
  if (done.status !== 0 && done.status !== 1) throw new Error(done.stderr);
  const children = done.stdout.trim().split('\n').at(-1) ?? '';
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  return { wall, processor: 1000 * seconds.reduce((sum, one) => sum + one, 0) };
}

function least(what: string, measure: () => Timing): void {
  const runs = Array.from({ length: RUNS }, measure);
  const [wall, processor] = (['wall', 'processor'] as const).map((name) =>
    Math.min(...runs.map((one) => one[name])),
  );
  console.log(
    `${what}: ${wall.toFixed(0)} ms, ${processor.toFixed(0)} ms of processor time, least of ${RUNS}`,
  );
}

/** Opens the page in a new browser: when its script has run, and how long the main thread was never free before. */
async function open(file: string): Promise<void> {
  const { chromium } = createRequire(join(process.cwd(), 'x.js'))('playwright-core');
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  try {
    const results: { interactive: number; longest: number }[] = [];
    for (let i = 0; i < RUNS; i++) {
      const page = await (await browser.newContext({ viewport: { width: 1200, height: 900 } })).newPage();
      await page.addInitScript(
        `window.longTasks = []; new PerformanceObserver((list) => { for (const e of list.getEntries()) longTasks.push(e.startTime + e.duration); }).observe({ type: 'longtask', buffered: true });`,
      );
      await page.goto(pathToFileURL(file).href);
      await page.waitForTimeout(300);
      results.push(
        (await page.evaluate(`(() => {
          const [nav] = performance.getEntriesByType('navigation');
          const [paint] = performance.getEntriesByName('first-contentful-paint');
          return { interactive: Math.max(nav.domContentLoadedEventEnd, nav.loadEventEnd, ...longTasks), longest: paint?.startTime ?? 0 };
        })()`)) as { interactive: number; longest: number },
      );
      await page.close();
    }
    console.log(
      `chromium: interactive after ${Math.min(...results.map((r) => r.interactive)).toFixed(0)} ms, first paint after ${Math.min(...results.map((r) => r.longest)).toFixed(0)} ms, least of ${RUNS}`,
    );
  } finally {
    await browser.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'atscope-bench-report-'));
try {
  const trace = values.trace ?? join(folder, 'trace.txt');
  writeFileSync(trace, story());
  const database = join(folder, 'story.duckdb');
  run('ingest', trace, '--db', database);
  const page = values.page ?? join(folder, 'report.html');
  least('report DATABASE', () => run('report', database, '--out', page));
  least('report TRACE', () => run('report', trace, '--out', page));
  least('analyze TRACE', () => run('analyze', trace));
  console.log(`page: ${(statSync(page).size / 1e6).toFixed(2)} MB`);
  if (existsSync(CHROMIUM)) await open(page);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
