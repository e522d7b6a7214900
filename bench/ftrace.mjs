// Everything that is promised about ftrace, in one run, as ratios:
//
//   npm run bench -- ftrace TRACE.dat     `analyze` and `ingest --all --db` of a trace.dat against
//                                         `trace-cmd report > /dev/null`; `analyze` of the text that report prints
//                                         against `grep -c`; then files that are generated
//   npm run bench -- ftrace               generated files of 1, 100 and 1000 MB only
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const program = resolve('dist/atscope.mjs');
/** Prints the largest resident set of the process, in KiB, as its last words. */
const report = 'process.on("exit",()=>console.error("maxrss",process.resourceUsage().maxRSS))';

/** Runs a command; the seconds it took by the clock, and its largest memory in MB where it tells. */
function timed(command, args, stdout = 'ignore') {
  const started = performance.now();
  const { status, stderr, error } = spawnSync(command, args, {
    stdio: ['ignore', stdout, 'pipe'],
    encoding: 'utf8',
  });
  if (error) throw error;
  const seconds = (performance.now() - started) / 1000;
  const peak = Number(/maxrss (\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1024;
  if (status === 2 || status > 4 || status === null)
    throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return { seconds, peak };
}

function atscope(...args) {
  return timed(process.execPath, ['--import', `data:text/javascript,${report}`, program, ...args]);
}

/** The fastest of some rounds: what other work on the machine added is not ours. The commands take turns. */
function fastest(commands) {
  const best = commands.map(() => ({ seconds: Number.POSITIVE_INFINITY, peak: 0 }));
  for (let round = 0; round < ROUNDS; round++) {
    commands.forEach((run, i) => {
      const { seconds, peak } = run();
      best[i] = { seconds: Math.min(best[i].seconds, seconds), peak: Math.max(best[i].peak, peak) };
    });
  }
  return best;
}

function line(name, ours, theirs, ratio) {
  const peak = Number.isNaN(ours.peak) ? '' : `  peak ${ours.peak.toFixed(0)} MB`;
  console.log(
    `${name.padEnd(34)} ${ours.seconds.toFixed(2).padStart(7)} s  yardstick ${theirs.seconds.toFixed(2).padStart(7)} s  ${ratio}${peak}`,
  );
}

function text(name, file) {
  timed('grep', ['-c', 'pci_enable_ats', file], 'pipe');
  const [grep, analyze] = fastest([
    // Into a pipe: grep that writes to /dev/null stops at its first match.
    () => timed('grep', ['-c', 'pci_enable_ats', file], 'pipe'),
    () => atscope('analyze', file),
  ]);
  const ratio = `${(analyze.seconds / grep.seconds).toFixed(1)} x grep`;
  line(`analyze ${name}, ${(statSync(file).size / 1e6).toFixed(0)} MB`, analyze, grep, ratio);
}

function binary(file, folder) {
  const database = join(folder, 'bench.duckdb');
  const [theirs, analyze, ingest] = fastest([
    () => timed('trace-cmd', ['report', file]),
    () => atscope('analyze', file),
    () => atscope('ingest', file, '--all', '--db', database, '--force'),
  ]);
  line('analyze trace.dat', analyze, theirs, `${(theirs.seconds / analyze.seconds).toFixed(1)} x faster`);
  line('ingest --all --db', ingest, theirs, `${(theirs.seconds / ingest.seconds).toFixed(1)} x faster`);
  rmSync(database, { force: true });
  const printed = join(folder, 'report.txt');
  const fd = openSync(printed, 'w');
  timed('trace-cmd', ['report', '-t', file], fd);
  closeSync(fd);
  text('its text', printed);
  rmSync(printed);
}

/** One enabled and disabled function among allocations, page events and scheduling, as a busy machine records them. */
function block(index) {
  const lines = [];
  for (let i = 0; i < 1000; i++) {
    const us = 1_000_000 + (index * 1000 + i) * 8;
    const time = `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`.padStart(12);
    const head = `              sh-${String(140 + (i % 5)).padEnd(6)} [00${i % 2}] ..... ${time}: `;
    const address = (0xff3e7d810000 + i * 64).toString(16);
    if (i === 500 || i === 600) {
      const name = i === 500 ? 'pci_enable_ats' : 'pci_disable_ats';
      lines.push(`${head}${name}: (${name}+0x4/0xb0) ps=12 bdf="0000:01:00.0"`);
    } else if (i % 3 === 0)
      lines.push(
        `${head}kmalloc: call_site=virtqueue_add_split+0xde/0x4d0 ptr=0x${address} bytes_req=64 bytes_alloc=64 gfp_flags=GFP_ATOMIC node=-1 accounted=false`,
      );
    else if (i % 3 === 1) lines.push(`${head}kfree: call_site=p9_req_put+0xf7/0x170 ptr=0x${address}`);
    else lines.push(`${head}mm_page_free: page=0x${address} pfn=0x${i.toString(16)} order=0`);
  }
  return `${lines.join('\n')}\n`;
}

function generated(folder) {
  for (const megabytes of [1, 100, 1000]) {
    const file = join(folder, `${megabytes}.txt`);
    const fd = openSync(file, 'w');
    let written = writeSync(fd, '# tracer: nop\n#\n');
    for (let index = 0; written < megabytes * 1e6; index++) written += writeSync(fd, block(index));
    closeSync(fd);
    text('generated text', file);
    rmSync(file);
  }
}

if (!existsSync(program)) {
  console.error('dist/atscope.mjs is missing: run `npm run build` first.');
  process.exit(2);
}
console.log(
  `${cpus().length} CPUs, ${cpus()[0]?.model ?? 'unknown'}, Node.js ${process.version}, fastest of ${ROUNDS}`,
);
const folder = mkdtempSync(join(tmpdir(), 'atscope-bench-'));
try {
  for (const file of process.argv.slice(2)) binary(file, folder);
  generated(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
