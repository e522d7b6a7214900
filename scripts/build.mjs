// Bundles the command line tool into dist/. Skips the work when no source changed since the last build.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFile = join(dist, '.sources');
const folders = ['tables', 'ingest', 'model', 'queries', 'reports', 'capture', 'cli'];

const hash = createHash('sha256');
for (const file of ['package.json', 'package-lock.json', 'scripts/build.mjs'])
  hash.update(readFileSync(join(root, file)));
for (const folder of folders) {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  for (const file of entries) hash.update(file.slice(root.length)).update(readFileSync(file));
}
const sources = hash.digest('hex');
if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sources) process.exit(0);

const { build } = await import('esbuild');
rmSync(dist, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    atscope: 'cli/start.ts',
    'unpack-worker': 'ingest/trace-dat/unpack-worker.mjs',
    'ftrace-scan-worker': 'ingest/ftrace-text/scan-worker.ts',
    'save-worker': 'queries/save-worker.ts',
  },
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  // DuckDB's bindings are a native package and stay one; canvas is an optional part of vega that is never used.
  external: ['@duckdb/node-bindings', 'canvas'],
  loader: { '.sql': 'text', '.css': 'text', '.md': 'text', '.client.js': 'text' },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
writeFileSync(stampFile, sources);
