// Reads kernel logs in one thread and prints MB/s of processor time, best of five, beside `grep -c` on the same bytes. The logs are those
// of the fixtures, repeated.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const SIZE = 48_000_000;
const LOGS = [
  '6.12-s3/dmesg.txt',
  '7.2-series-s1f/dmesg.txt',
  '7.2-series-s1f/serial.log',
  '6.12-s3/kmsg.txt',
  '6.12-s3/dmesg-x.txt',
  '6.12-s3/dmesg-r.txt',
  '6.12-s3/dmesg-T.txt',
  '6.12-s3/dmesg-t.txt',
  '6.12-s3/dmesg-delta.txt',
  '6.12-s3/dmesg-iso.txt',
];

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const outfile = join(folder, 'kernel-log.mjs');
  await build({
    stdin: {
      contents: `export { kernelLog } from './ingest/kernel-log/index.ts';
        export { Recording } from './ingest/recording.ts';
        export { MemorySource } from './ingest/source.ts';`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  const { kernelLog, MemorySource, Recording } = await import(pathToFileURL(outfile).href);

  /** Seconds of processor time that `grep -c` takes for a log, best of five; its count goes into a pipe. */
  const grep = (log) => {
    const file = join(folder, 'log');
    writeFileSync(file, log);
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 5; run++) {
      const command = 'TIMEFORMAT="%U %S"; time grep -c pci_enable_ats "$0"';
      const { stderr } = spawnSync('bash', ['-c', command, file], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C' },
      });
      const [user, system] = stderr.trim().split(' ').map(Number);
      best = Math.min(best, user + system);
    }
    return best;
  };

  const measure = async (name, log) => {
    let best = Number.POSITIVE_INFINITY;
    let records = 0;
    const yardstick = grep(log);
    for (let run = 0; run < 5; run++) {
      const out = new Recording().addSource(name, kernelLog.id, log.length);
      const started = process.cpuUsage();
      await kernelLog.decode(new MemorySource(name, log), out, {
        needs: { wants: () => false },
        chunkSize: 1 << 20,
      });
      const used = process.cpuUsage(started);
      best = Math.min(best, (used.user + used.system) / 1e6);
      records = out.records;
    }
    console.log(
      `${name.padEnd(40)} ${(log.length / best / 1e6).toFixed(0).padStart(5)} MB/s, ${records} records; grep -c ${(log.length / yardstick / 1e6).toFixed(0)} MB/s: ratio ${(best / yardstick).toFixed(1)}`,
    );
  };

  const times = (text) => Buffer.concat(Array(Math.ceil(SIZE / text.length)).fill(text));
  for (const name of LOGS) {
    const text = readFileSync(join(root, 'test/fixtures/kernel-log/captures', name));
    await measure(name, times(text));
    // A quarter of the lines of the fixtures are those of splats, which few logs have so many of.
    const cut = text.indexOf('------------[ cut here');
    await measure(`${name} without splats`, times(text.subarray(0, text.lastIndexOf('\n', cut) + 1)));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
