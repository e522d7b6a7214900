import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { captureScript } from '../../capture/generate.ts';
import { PROBES } from '../../capture/probes.ts';
import { DEVICE_PATHS, KIND_RECIPES, NOT_PROBED, ONLY_WITHOUT, SIGNATURES } from '../../capture/recipes.ts';
import { TRACEPOINTS } from '../../capture/tracepoints.ts';
import { FUNCTION_BY_SYMBOL, KNOWN_FUNCTIONS, KNOWN_TRACEPOINTS } from '../../model/known-functions.ts';
import { RULES } from '../../model/rules/index.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { SCRIPT } from './fake-kernel.ts';

const CAPTURE = join(import.meta.dirname, '..', '..', 'capture');
const probed = new Set(PROBES.map((row) => row.known.symbol));

describe('the list of probes', () => {
  it('is the one in the script: npm run docs writes it anew', () => {
    const part = (name: string) => readFileSync(join(CAPTURE, 'script', name), 'utf8');
    expect(readFileSync(SCRIPT, 'utf8')).toBe(captureScript(part, packageJson.version));
  });

  it('has every function the model understands, or says why not', () => {
    const open = KNOWN_FUNCTIONS.map((known) => known.symbol).filter(
      (symbol) => probed.has(symbol) === symbol in NOT_PROBED,
    );
    expect(open).toEqual([]);
  });

  it('has every trace event the model understands', () => {
    const listed = new Set(TRACEPOINTS.map((event) => event.name));
    expect(Object.keys(KNOWN_TRACEPOINTS).filter((name) => !listed.has(name))).toEqual([]);
  });

  it('records what every rule needs, but for what the kernel log, listings and logs of the hardware show', () => {
    const recorded = new Set([
      ...PROBES.map((row) => row.known.kind),
      ...TRACEPOINTS.map((event) => KNOWN_TRACEPOINTS[event.name]),
    ]);
    const isElsewhere = (kind: string) => /^(log|listing|hw|invalidation|translation)\./.test(kind);
    const needed = RULES.flatMap((rule) => rule.needs.flat());
    expect([...new Set(needed)].filter((kind) => !recorded.has(kind) && !isElsewhere(kind))).toEqual([]);
    // Of the alternatives of a need the kit records one, unless it is a rule for logs of simulators.
    const open = RULES.filter((rule) =>
      rule.needs.some((kinds) => !kinds.some((kind) => recorded.has(kind) || kind.startsWith('log.'))),
    );
    expect(open.map((rule) => rule.id)).toEqual(['ATS042', 'ATS043']);
  });

  it('names no function and no kind that the model does not know', () => {
    const symbols = [SIGNATURES, ONLY_WITHOUT, NOT_PROBED, DEVICE_PATHS].flatMap(Object.keys);
    expect(symbols.filter((symbol) => !FUNCTION_BY_SYMBOL.has(symbol))).toEqual([]);
    const kinds = new Set<string>(KNOWN_FUNCTIONS.map((known) => known.kind));
    expect(Object.keys(KIND_RECIPES).filter((kind) => !kinds.has(kind))).toEqual([]);
  });

  it('tries a function before those that only stand in for it', () => {
    const order = PROBES.map((row) => row.known.symbol);
    for (const [symbol, first] of Object.entries(ONLY_WITHOUT)) {
      expect([symbol, order.indexOf(first) < order.indexOf(symbol)]).toEqual([symbol, true]);
      expect(FUNCTION_BY_SYMBOL.get(first)?.kind, symbol).toBe(FUNCTION_BY_SYMBOL.get(symbol)?.kind);
    }
  });

  it('gives each event its own name', () => {
    const names = PROBES.map((row) => row.name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('definitions', () => {
  const all = PROBES.flatMap((row) => row.alternatives.map((one) => ({ row, ...one })));

  it('have the string last: a bitfield argument zeroes the four bytes after its own', () => {
    for (const { row, arguments: text } of all) {
      const parts = text.split(' ');
      const strings = parts.filter((part) => part.endsWith(':string'));
      expect(strings.length, row.name).toBeLessThanOrEqual(1);
      if (strings.length > 0) expect(parts.at(-1), row.name).toBe(strings[0]);
    }
  });

  it('fetch results at the width that is defined', () => {
    const types = { bool: 'u8', int: 's32', pointer: 'x64', none: null } as const;
    for (const { row, level, arguments: text } of all) {
      const type = /\bret=\$retval:(\w+)/.exec(text)?.[1] ?? null;
      const wanted = row.isReturn && level !== 'bare' ? types[row.known.result] : null;
      expect([row.name, type]).toEqual([row.name, wanted]);
    }
  });

  it('always have the argument that their filter tests', () => {
    for (const { row, arguments: text } of all) {
      if (row.filter === '') continue;
      expect(text, row.name).toMatch(new RegExp(`(^| )${row.filter.split(' ')[0]}=`));
    }
  });

  it('ask for less each time', () => {
    const order = ['full', 'name', 'offset', 'pointer', 'result', 'bare'];
    for (const row of PROBES) {
      const ranks = row.alternatives.map((one) => order.indexOf(one.level));
      expect(ranks, row.name).toEqual([...ranks].sort((a, b) => a - b));
    }
  });
});

const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;

it.skipIf(!shellcheck)('shellcheck finds nothing in the script', () => {
  const done = spawnSync('shellcheck', ['-s', 'sh', SCRIPT]);
  expect(String(done.stdout)).toBe('');
});
