// Times `atscope analyze` on ftrace text against `grep -c pci_enable_ats` on the same file, in one run.
//
//   node bench/ftrace-text.mjs                 on generated files of 1, 100 and 1000 MB
//   node bench/ftrace-text.mjs FILE...         on files of one's own, e.g. of `trace-cmd report`
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 3;
const program = fileURLToPath(new URL('../dist/atscope.mjs', import.meta.url));

/** Prints the largest resident set of the process, in KiB, as its last words. */
const report = 'process.on("exit",()=>console.error("maxrss",process.resourceUsage().maxRSS))';

function timed(command, args) {
  const started = performance.now();
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error) throw error;
  return { seconds: (performance.now() - started) / 1000, status, stderr };
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function bench(file) {
  const grep = [];
  const analyze = [];
  const peak = [];
  timed('grep', ['-c', 'pci_enable_ats', file]);
  for (let round = 0; round < ROUNDS; round++) {
    grep.push(timed('grep', ['-c', 'pci_enable_ats', file]).seconds);
    const run = timed(process.execPath, [
      '--import',
      `data:text/javascript,${report}`,
      program,
      'analyze',
      file,
    ]);
    if (run.status === 2 || run.status > 3)
      throw new Error(`analyze ended with ${run.status}: ${run.stderr}`);
    analyze.push(run.seconds);
    peak.push(Number(/maxrss (\d+)/.exec(run.stderr)?.[1] ?? Number.NaN) / 1024);
  }
  const megabytes = statSync(file).size / 1e6;
  const [g, a] = [median(grep), median(analyze)];
  console.log(
    `${megabytes.toFixed(0).padStart(6)} MB  grep ${g.toFixed(2)} s  analyze ${a.toFixed(2)} s  ratio ${(a / g).toFixed(1)}  peak ${Math.max(...peak).toFixed(0)} MB`,
  );
}

/** One enabled and disabled function among allocations, page events and scheduling, as a busy machine records them. */
function block(index) {
  const lines = [];
  for (let i = 0; i < 1000; i++) {
    const ns = 1_000_000_000 + (index * 1000 + i) * 7_919;
    const time = `${Math.floor(ns / 1e9)}.${String(ns % 1e9)
      .padStart(9, '0')
      .slice(0, 6)}`;
    const task =
      i % 3 === 0 ? '          <idle>-0     ' : `              sh-${String(140 + (i % 5)).padEnd(6)}`;
    const head = `${task} [00${i % 2}] ..... ${time.padStart(12)}: `;
    const address = (0xff3e7d810000 + i * 64).toString(16);
    const kind = i % 4;
    if (i === 500 || i === 600) {
      const name = i === 500 ? 'pci_enable_ats' : 'pci_disable_ats';
      lines.push(
        `              sh-150     [000] ..... ${time.padStart(12)}: ${name}: (${name}+0x4/0xb0) ps=12 bdf="0000:01:00.0"`,
      );
    } else if (kind === 0)
      lines.push(
        `${head}kmalloc: call_site=virtqueue_add_split+0xde/0x4d0 ptr=0x${address} bytes_req=64 bytes_alloc=64 gfp_flags=GFP_ATOMIC node=-1 accounted=false`,
      );
    else if (kind === 1) lines.push(`${head}kfree: call_site=p9_req_put+0xf7/0x170 ptr=0x${address}`);
    else if (kind === 2) lines.push(`${head}mm_page_free: page=0x${address} pfn=0x${i.toString(16)} order=0`);
    else lines.push(`${head}sched_waking: comm=trace-cmd pid=138 prio=120 target_cpu=001`);
  }
  return `${lines.join('\n')}\n`;
}

function generate(file, bytes) {
  const fd = openSync(file, 'w');
  let written = writeSync(fd, '# tracer: nop\n#\n');
  for (let index = 0; written < bytes; index++) written += writeSync(fd, block(index));
  closeSync(fd);
}

if (!existsSync(program)) {
  console.error('dist/atscope.mjs is missing: run `npm run build` first.');
  process.exit(2);
}
console.log(
  `${cpus().length} CPUs, ${cpus()[0]?.model ?? 'unknown'}, Node.js ${process.version}, median of ${ROUNDS}`,
);
const files = process.argv.slice(2);
if (files.length > 0) for (const file of files) bench(file);
else {
  const folder = mkdtempSync(join(tmpdir(), 'atscope-bench-'));
  try {
    for (const megabytes of [1, 100, 1000]) {
      const file = join(folder, `${megabytes}.txt`);
      generate(file, megabytes * 1e6);
      bench(file);
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
