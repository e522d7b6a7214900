// Bundles and runs one benchmark of bench/: npm run bench -- replay [arguments]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [name = '', ...args] = process.argv.slice(2);
const entry = ['.ts', '.mjs'].map((ending) => join(root, 'bench', `${name}${ending}`)).find(existsSync);
if (!entry) {
  console.error(`No benchmark ${name}; see bench/README.md.`);
  process.exit(2);
}
// A benchmark in plain JavaScript bundles what it measures itself.
const folder = mkdtempSync(join(tmpdir(), 'atscope-bench-'));
const outfile = entry.endsWith('.mjs') ? entry : join(folder, 'bench.mjs');
if (outfile !== entry) {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
}
const done = spawnSync(process.execPath, ['--expose-gc', outfile, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NODE_PATH: join(root, 'node_modules') },
});
rmSync(folder, { recursive: true, force: true });
process.exit(done.status ?? 1);
