import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** A sample; `node scripts/mutate.mjs` forces every condition of the model. */
it('a condition of the prediction that is forced fails a test', () => {
  const { stdout, status } = spawnSync('node', ['scripts/mutate.mjs', '--every', '13', 'model/predict.ts'], {
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/^\d+ killed, 0 survived/m);
  expect(status).toBe(0);
});
