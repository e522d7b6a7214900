import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const BIN = join(ROOT, 'bin', 'atscope');
export const CAPTURES_DIR = join(ROOT, 'test', 'fixtures', 'captures');

/** Runs the built program, without colours. */
export function atscope(args: readonly string[], input: string | Buffer = '') {
  const done = spawnSync(process.execPath, [BIN, ...args], {
    cwd: ROOT,
    input,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...process.env, NO_COLOR: '', FORCE_COLOR: '' },
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}
