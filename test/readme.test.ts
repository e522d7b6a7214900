import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

it('the README shows what the demo prints', () => {
  const demo = spawnSync(process.execPath, ['scripts/demo.mjs'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '' },
  });
  expect(demo.status).toBe(0);
  expect(README).toContain(demo.stdout.trimEnd());
});

it('files that the README names exist', () => {
  for (const [, path] of README.matchAll(
    /`((?:reports|docs|tables|ingest|model|queries|cli|capture|ci)\/[\w./-]*)`|\]\(([\w./-]+)\)/g,
  )) {
    if (path) expect(existsSync(join(ROOT, path)), path).toBe(true);
  }
});
