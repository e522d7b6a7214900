// Analyzes a real capture: on a 6.12 kernel a Virtual Function is refused because its PF holds another page shift.
import { spawnSync } from 'node:child_process';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const args = [
  'analyze',
  'test/fixtures/captures/6.12-s2/trace.txt',
  'test/fixtures/captures/6.12-s2/dmesg.txt',
  '--out',
  'atscope-report',
];
console.log(`$ ${relative(root, join(root, 'bin/atscope'))} ${args.join(' ')}\n`);
const done = spawnSync(process.execPath, [join(root, 'bin/atscope'), ...args], {
  cwd: root,
  stdio: 'inherit',
});
// The capture has a finding, so 1 is what a good run ends with.
process.exit(done.status === 1 ? 0 : (done.status ?? 70));
