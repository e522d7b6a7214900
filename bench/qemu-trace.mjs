// Reads a made-up QEMU log and prints MB per second of CPU time: node bench/qemu-trace.mjs [megabytes]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const megabytes = Number(process.argv[2] ?? 64);
const folder = mkdtempSync(join(tmpdir(), 'atscope-bench-'));
try {
  const outfile = join(folder, 'bench.mjs');
  await build({
    stdin: {
      contents: `
        export { qemuTrace } from './ingest/qemu-trace/index.ts';
        export { Recording } from './ingest/recording.ts';
        export { MemorySource } from './ingest/source.ts';`,
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile,
  });
  const { qemuTrace, Recording, MemorySource } = await import(pathToFileURL(outfile).href);
  const bytes = log(megabytes * 1_000_000);
  const counts = [];
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    let lines = 0;
    for (let at = 0; at < bytes.length; at++) if (bytes[at] === 10) lines++;
    counts.push(bytes.length / process.cpuUsage(before).user + lines * 0);
  }
  const yardstick = Math.max(...counts);
  console.log(`yardstick, line ends counted: ${yardstick.toFixed(0)} MB/s (best of 5)`);
  for (const [name, wants] of [
    ['config accesses', () => false],
    ['all events as rows', () => true],
  ]) {
    const speeds = [];
    for (let round = 0; round < 8; round++) {
      const recording = new Recording();
      const source = new MemorySource('bench', bytes);
      const out = recording.addSource(source.path, qemuTrace.id, source.size);
      // User CPU time: what else the machine does must not count.
      const before = process.cpuUsage();
      await qemuTrace.decode(source, out, { needs: { wants }, chunkSize: 1 << 20 });
      speeds.push(bytes.length / process.cpuUsage(before).user);
    }
    const best = Math.max(...speeds);
    console.log(
      `${name}: ${best.toFixed(0)} MB/s (best of 8), 1 / ${(yardstick / best).toFixed(1)} of the yardstick; ${speeds.map((speed) => speed.toFixed(0)).join(' ')}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The mixture of a guest that scans its buses: mostly reads, some writes, now and then an invalidation. */
function log(size) {
  const lines = [];
  let length = 0;
  for (let i = 0; length < size; i++) {
    const time = new Date(1_800_000_000_000 + i / 50)
      .toISOString()
      .replace('Z', `${String(i % 1000).padStart(3, '0')}Z`);
    const address = `0${i % 3}:${String(i % 10).padStart(2, '0')}.${i % 8}`;
    const offset = ((i * 4) % 4096).toString(16);
    const value = ((i * 2654435761) >>> (i % 32)).toString(16);
    const line =
      i % 97 === 0
        ? `${time} vtd_inv_desc_iotlb_pages iotlb invalidate domain 0x9 addr 0x${value}000 mask 0x0\n`
        : i % 20 === 0
          ? `${time} pci_cfg_write virtio-net-pci ${address} @0x${offset} <- 0x${value}\n`
          : `${time} pci_cfg_read virtio-net-pci ${address} @0x${offset} -> 0x${value}\n`;
    lines.push(line);
    length += line.length;
  }
  return Buffer.from(lines.join(''));
}
