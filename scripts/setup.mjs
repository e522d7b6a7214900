// Installs the locked dependencies once: a second run with the same lock file does nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = join(root, 'node_modules', '.atscope-installed');
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform} ${process.arch} ${process.versions.modules}`)
  .digest('hex');

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(
    `atscope needs Node 20 or newer; this is ${process.version}. Install it and run the command again.`,
  );
  process.exit(2);
}
if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) process.exit(0);

console.error('Installing the locked dependencies (npm ci) ...');
// No dependency needs its install script: native parts come as packages of their own.
const done = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
  shell: process.platform === 'win32',
});
if (done.status !== 0) {
  console.error('npm ci failed; nothing was built. The lines above say why.');
  process.exit(done.status ?? 1);
}
writeFileSync(stampFile, wanted);
