// Compares every event of every trace.dat below a folder with what `trace-cmd report` printed for it: the file
// `trace.report.txt` beside it where there is one (times in microseconds, with flags), and a live `trace-cmd report -t`
// (nanoseconds, without flags in older versions) where trace-cmd is installed and can read the file.
//
//   compare-trace-dat FOLDER      (bundle it with esbuild first)
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSource } from '../ingest/source.ts';
import { Excerpts } from '../ingest/trace-dat/index.ts';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: compare-trace-dat FOLDER');
  process.exit(2);
}

/** Lines of a report; a line that begins with no task continues the event before it. */
function eventLines(text: string): string[] {
  const events: string[] = [];
  for (const line of text.split('\n')) {
    if (/^(cpus=|CPU:\d+ \[|version = )/.test(line) || (line === '' && events.length === 0)) continue;
    if (/^\s*\S.*-\d+\s+\[\d+\]/.test(line)) events.push(line);
    else if (events.length > 0) events[events.length - 1] += `\n${line}`;
  }
  return events.map((event) => event.replace(/\n+$/, ''));
}

const WITH_FLAGS = /^(.{16,}?-\d+ +\[\d+\]) (?:(\S{5,7}) )? *(\d+)(?:\.(\d+))?:( [\s\S]*)$/;

/** A line of ours in the older form: without flags, or with the time rounded to microseconds. */
function toForm(line: string, reference: string): string {
  const ours = WITH_FLAGS.exec(line);
  const theirs = WITH_FLAGS.exec(reference);
  if (!ours || !theirs) return line;
  const flags = theirs[2] === undefined ? '' : `${ours[2]} `;
  let time = `${ours[3].padStart(5)}${ours[4] ? `.${ours[4]}` : ''}`;
  if (ours[4] && theirs[4]?.length === 6) {
    const us = (BigInt(ours[3]) * 1_000_000_000n + BigInt(ours[4]) + 500n) / 1000n;
    time = `${String(us / 1_000_000n).padStart(5)}.${String(us % 1_000_000n).padStart(6, '0')}`;
  } else if (!theirs[4]) {
    const ns = BigInt(ours[3]) * (ours[4] ? 1_000_000_000n : 1n) + BigInt(ours[4] ?? 0);
    time = String(ns).padStart(12);
  } else if (!ours[4]) {
    const ticks = BigInt(ours[3]);
    const ns = theirs[4].length === 6 ? ((ticks + 500n) / 1000n) * 1000n : ticks;
    const digits = String(ns % 1_000_000_000n)
      .padStart(9, '0')
      .slice(0, theirs[4].length);
    time = `${String(ns / 1_000_000_000n).padStart(5)}.${digits}`;
  }
  return `${ours[1]} ${flags}${time}:${ours[5]}`.replace(/\n+$/, '');
}

function squeeze(line: string): string {
  return line.replace(/^([^[]*\[\d+\]) +/, '$1 ').replace(/(\] \S{5}) +(?=\d+[.:])/, '$1 ');
}

let failures = 0;

/** What all versions print alike: task, CPU, time and event, without flags and arguments. */
function headOf(line: string): string {
  const match = WITH_FLAGS.exec(line);
  return match ? `${match[1]} ${match[3]}.${match[4]} ${/^ *\S+/.exec(match[5])?.[0]}` : line;
}

function compare(
  path: string,
  what: string,
  ours: readonly string[],
  reference: readonly string[],
  onlyHeads = false,
): void {
  let bad = 0;
  const total = Math.max(ours.length, reference.length);
  for (let i = 0; i < total; i++) {
    const form = onlyHeads ? headOf : squeeze;
    const mine = i < ours.length ? form(toForm(ours[i], reference[i] ?? '')) : '(none)';
    const theirs = form(reference[i] ?? '(none)');
    if (mine === theirs) continue;
    if (bad++ < 5) console.log(`  line ${i}\n    ours   ${mine}\n    theirs ${theirs}`);
  }
  console.log(`${bad === 0 ? 'same' : 'DIFF'} ${path} against ${what}: ${total} events, ${bad} differ`);
  if (bad > 0) failures++;
}

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.dat'))
  .sort();
for (const name of files) {
  const path = join(folder, name);
  const ours: string[] = [];
  const source = await openSource(path);
  await (await Excerpts.open(source)).report((line) => ours.push(line));
  source.close();
  const golden = path.replace(/(\.v6)?\.dat$/, '.report.txt');
  if (existsSync(golden)) compare(path, 'report.txt', ours, eventLines(readFileSync(golden, 'utf8')));
  const live = spawnSync('trace-cmd', ['report', '-t', '-i', path], { encoding: 'utf8', maxBuffer: 1 << 30 });
  // Older versions print some events otherwise: with a golden at hand only the heads must agree, to the nanosecond.
  if (live.status === 0 && live.stdout) {
    compare(path, 'trace-cmd report -t', ours, eventLines(live.stdout), existsSync(golden));
  }
}
process.exit(failures > 0 ? 1 : 0);
