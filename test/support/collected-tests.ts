import { chai, JestAsymmetricMatchers, JestChaiExpect } from '@vitest/expect';

/**
 * Stands for `vitest` where tests are bundled to be run many times in one process (see `scripts/mutate.mjs`): they are
 * collected instead of run.
 */
export interface CollectedTest {
  readonly name: string;
  run(): Promise<void>;
}

export const COLLECTED: CollectedTest[] = [];

/** Work that the tests of the group at hand need done first. */
let before: (() => unknown)[] = [];

function collect(name: string, body: () => unknown): void {
  const needs = before;
  COLLECTED.push({
    name,
    run: async () => {
      for (const need of needs) await need();
      await body();
    },
  });
}

function group(_name: string, body: () => unknown): void {
  const outside = before;
  before = [...outside];
  body();
  before = outside;
}

type Take = (name: string, body: () => unknown) => void;

const each =
  (take: Take) =>
  (rows: readonly unknown[]) =>
  (name: string, body: (...row: unknown[]) => unknown): void => {
    for (const row of rows) take(name, () => body(...(Array.isArray(row) ? row : [row])));
  };

chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const { expect } = chai;
export const it = Object.assign(collect, { each: each(collect) });
export const test = it;
export const describe = Object.assign(group, { each: each(group) });
export const beforeAll = (work: () => unknown): void => void before.push(work);
/** All that is needed is done before each test: they are run one by one. */
export const beforeEach = beforeAll;
