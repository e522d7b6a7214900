import { describe, expect, test } from 'vitest';
import { ENTER, RETURN, UNKNOWN } from '../../model/events.ts';
import { Gaps } from '../../model/replay/gaps.ts';
import { CORE_EN, StateStore } from '../../model/state.ts';

interface Shown {
  readonly phase: number;
  /** The entry of the same call is recorded. */
  readonly entered?: boolean;
  readonly isVf?: number;
  readonly enabled?: number;
}

/** A PF with ATS on, a VF with ATS off, and a function of which nothing is known. */
const FUNCTIONS = [
  { fn: 0, name: 'PF', isVf: 0, enabled: 1 },
  { fn: 1, name: 'VF', isVf: 1, enabled: 0 },
  { fn: 2, name: '?', isVf: UNKNOWN, enabled: UNKNOWN },
];

function tell(shown: Shown, calls = 1) {
  const log: string[] = [];
  const state = new StateStore({ changed: () => {} });
  for (const { fn, enabled } of FUNCTIONS) {
    state.addFunction(fn);
    state.set(fn, CORE_EN, enabled, 0, 'call');
  }
  const forget = (what: string) => ({ forget: () => log.push(`forget ${what}`) });
  const gaps = new Gaps({
    events: {
      phase: [shown.phase],
      enabled: [shown.enabled ?? UNKNOWN],
      isVf: () => shown.isVf ?? UNKNOWN,
    },
    calls: { length: calls, callOf: [0], enter: [shown.entered ? 7 : -1] },
    state,
    topology: { inForce: () => FUNCTIONS },
    machine: { forgetCalls: ({ name }: { name: string }) => log.push(name) },
    identity: { restart: () => log.push('restart') },
    listings: { restart: () => log.push('restart listings') },
    underWay: forget('calls'),
    registers: forget('registers'),
    windows: forget('windows'),
    bench: forget('bench'),
    stability: { clear: () => log.push('clear') },
  } as never);
  return { gaps, log };
}

describe('a call that names no device', () => {
  test.each([
    ['may be of any function', { phase: ENTER }, ['PF', 'VF', '?']],
    ['is of no function of another kind', { phase: ENTER, isVf: 1 }, ['VF', '?']],
    ['is not of a VF when it shows a PF', { phase: ENTER, isVf: 0 }, ['PF', '?']],
    ['that shows ATS on is of none that has it off', { phase: ENTER, enabled: 1 }, ['PF', '?']],
    ['that shows ATS off is of none that has it on', { phase: ENTER, enabled: 0 }, ['VF', '?']],
    ['shows after its return what it made', { phase: RETURN, enabled: 1 }, ['PF', 'VF', '?']],
  ])('%s', (_what, shown, forgotten) => {
    const { gaps, log } = tell(shown);
    gaps.unnamedCall(0);
    expect(log).toEqual(forgotten);
    expect(gaps.unnamedCalls).toBe(1);
  });

  test('counts once, at its entry', () => {
    const { gaps, log } = tell({ phase: RETURN, entered: true });
    gaps.unnamedCall(0);
    expect(log).toEqual([]);
    expect(gaps.unnamedCalls).toBe(0);
    const entered = tell({ phase: ENTER, entered: true });
    entered.gaps.unnamedCall(0);
    expect(entered.gaps.unnamedCalls).toBe(1);
  });
});

test('another boot in a log begins another story, but not beside a trace', () => {
  const alone = tell({ phase: ENTER }, 0);
  alone.gaps.boot();
  expect(alone.log).toEqual([
    'restart',
    'forget calls',
    'forget registers',
    'forget windows',
    'forget bench',
    'clear',
    'restart listings',
  ]);
  const beside = tell({ phase: ENTER }, 1);
  beside.gaps.boot();
  expect(beside.log).toEqual([]);
});
