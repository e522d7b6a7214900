import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROFILES } from '../../model/features.ts';
import { RULE_CASES } from '../model/rule-cases/index.ts';
import { COLLECTED } from './collected-tests.ts';
import { differencesFromTheContract, differencesWithUnknowns } from './contract-table.ts';
import { disagreement, sequences, wrongAtRandom } from './exploration.ts';
import { machineDifferences } from './machine-table.ts';
import { section } from './rule-stories.ts';
import './mutation-tests.ts';

declare global {
  /** The condition that is forced, and to what (see `scripts/mutate.mjs`). */
  var __mutant: number;
  var __forced: boolean;
}

interface Mutant {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

interface Check {
  readonly name: string;
  /** True when the code does what it must. */
  run(): Promise<boolean>;
}

const GOLDEN = join(import.meta.dirname, '../model/rule-cases/stories.golden.txt');

function storyChecks(): Check[] {
  const golden = readFileSync(GOLDEN, 'utf8');
  return RULE_CASES.flatMap((rule) =>
    (['trips', 'nearMiss'] as const).map((story) => ({
      name: rule.rule,
      run: async () => golden.includes(await section(rule, story)),
    })),
  );
}

const EXPLORATION: readonly Check[] = [
  { name: 'the table of the machine', run: async () => [...machineDifferences()].length === 0 },
  {
    name: 'the table of the contract',
    run: async () => [...differencesFromTheContract(), ...differencesWithUnknowns()].length === 0,
  },
  {
    name: 'every call alone',
    run: async () => {
      for (const profile of PROFILES)
        for (const sequence of sequences(1)) if (disagreement(profile, sequence, false)) return false;
      return true;
    },
  },
  { name: 'stories at random', run: async () => wrongAtRandom(120) === null },
];

/** Tests that vitest runs, collected (see `mutation-tests.ts`). */
const TESTS: readonly Check[] = COLLECTED.map(({ name, run }) => ({
  name,
  run: () =>
    run().then(
      () => true,
      () => false,
    ),
}));

/** A crash is as good as a wrong answer: a test would have failed. */
async function passes(check: Check): Promise<boolean> {
  try {
    return await check.run();
  } catch {
    return false;
  }
}

/** The check that notices a mutant, or null. */
async function killerOf(mutant: Mutant, forced: boolean, checks: readonly Check[]): Promise<Check | null> {
  globalThis.__mutant = mutant.id;
  globalThis.__forced = forced;
  for (const check of checks) if (!(await passes(check))) return check;
  return null;
}

/** Lines `file | condition | true or false | why no test can notice`. */
function acceptedMutants(path: string): Set<string> {
  if (!existsSync(path)) return new Set();
  const lines = readFileSync(path, 'utf8').split('\n');
  return new Set(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(' | ').slice(0, 3).join(' | ')),
  );
}

/** Runs every check against every mutant of the list. @returns 0 when all are killed or accepted. */
export async function hunt(listPath: string, acceptedPath: string): Promise<number> {
  const mutants = JSON.parse(readFileSync(listPath, 'utf8')) as Mutant[];
  const accepted = acceptedMutants(acceptedPath);
  const stories = storyChecks();
  globalThis.__mutant = -1;
  for (const check of [...stories, ...EXPLORATION, ...TESTS]) {
    if (!(await passes(check))) throw new Error(`${check.name} fails without any mutant`);
  }
  const sources = new Map<string, string>();
  const killers = new Map<string, readonly Check[]>();
  let killed = 0;
  let known = 0;
  const survivors: string[] = [];
  for (const mutant of mutants) {
    const source = sources.get(mutant.file) ?? readFileSync(mutant.file, 'utf8');
    sources.set(mutant.file, source);
    // Stories of the rules of the same file are the likeliest to notice, and whoever noticed a mutant of it lately.
    const lately = killers.get(mutant.file) ?? [];
    const near = stories.filter((check) => source.includes(`'${check.name}'`));
    const checks = [...new Set([...lately, ...near, ...EXPLORATION, ...stories, ...TESTS])];
    for (const forced of [true, false]) {
      if (accepted.has(`${mutant.file} | ${mutant.text} | ${forced}`)) {
        known++;
        continue;
      }
      const killer = await killerOf(mutant, forced, checks);
      if (killer) {
        killed++;
        killers.set(mutant.file, [killer, ...lately.filter((check) => check !== killer)].slice(0, 40));
      } else {
        survivors.push(`${mutant.file}:${mutant.line} | ${mutant.text} | ${forced}`);
        console.log(survivors.at(-1));
      }
    }
  }
  console.log(
    `${killed} killed, ${survivors.length} survived, ${known} accepted of ${mutants.length * 2} mutants`,
  );
  return survivors.length === 0 ? 0 : 1;
}
