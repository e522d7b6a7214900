import { describe, expect, test } from 'vitest';
import { type EventKindName, KIND, UNKNOWN } from '../../model/events.ts';
import { Observer } from '../../model/replay/observer.ts';
import { CORE_CAP, CORE_EN, CORE_STU, StateStore } from '../../model/state.ts';
import type { FunctionRecord } from '../../model/topology.ts';

interface Shown {
  readonly kind?: EventKindName;
  readonly isVf?: number;
  readonly isPf?: number;
  readonly cap?: number;
  readonly stu?: number;
  readonly enabled?: number;
}

interface Known {
  readonly fn?: Partial<FunctionRecord>;
  readonly cap?: number;
  readonly en?: number;
  readonly stu?: number;
  /** Kinds of call that the recording does not show. */
  readonly unseen?: readonly EventKindName[];
  readonly simultaneous?: boolean;
  readonly concurrent?: boolean;
}

/** What is known after an event shows something of a function of which something was known. */
function observe(shown: Shown, known: Known = {}) {
  const told: string[] = [];
  const state = new StateStore({ changed: () => {} });
  state.addFunction(0);
  state.set(0, CORE_CAP, known.cap ?? UNKNOWN, 1, 'call');
  state.set(0, CORE_EN, known.en ?? UNKNOWN, 1, 'call');
  state.set(0, CORE_STU, known.stu ?? UNKNOWN, 1, 'call');
  const fn = { fn: 0, address: '0000:01:00.0', isVf: UNKNOWN, isPf: UNKNOWN, ...known.fn } as FunctionRecord;
  const events = {
    kind: [KIND[shown.kind ?? 'ats.enable']],
    cap: [shown.cap ?? UNKNOWN],
    stu: [shown.stu ?? UNKNOWN],
    enabled: [shown.enabled ?? UNKNOWN],
    isVf: () => shown.isVf ?? UNKNOWN,
    isPf: () => shown.isPf ?? UNKNOWN,
    untrusted: () => UNKNOWN,
  };
  const bench = {
    wasRecorded: (kind: EventKindName) => !known.unseen?.includes(kind),
    simultaneous: () => known.simultaneous === true,
    because: () => [],
    fire: (rule: string, { observed }: { observed: string }) => told.push(`${rule} ${observed}`),
  };
  const observer = new Observer(
    events as never,
    { concurrent: [known.concurrent ? 1 : 0] } as never,
    state,
    bench as never,
    () => told.push('capability gone'),
  );
  observer.nature(fn, 0);
  observer.changing(fn, 0);
  return { fn, told, cap: state.get(0, CORE_CAP), en: state.get(0, CORE_EN), stu: state.get(0, CORE_STU) };
}

describe('what an event prints of the nature of a function', () => {
  test('a PF is no VF; what is not printed changes nothing', () => {
    expect(observe({ isPf: 1 }).fn).toMatchObject({ isPf: 1, isVf: 0 });
    expect(observe({ isPf: 0 }, { fn: { isVf: 1 } }).fn).toMatchObject({ isPf: 0, isVf: 1 });
    expect(observe({}, { fn: { isPf: 1, isVf: 0 } }).fn).toMatchObject({ isPf: 1, isVf: 0 });
  });

  test('no capability counts once the core has looked for it, and while the device is there', () => {
    const settled = { discovered: true, removing: false };
    expect(observe({ cap: 0 }, { fn: settled }).cap).toBe(0);
    expect(observe({ cap: 0 }, { fn: { ...settled, discovered: false } }).cap).toBe(UNKNOWN);
    expect(observe({ cap: 0 }, { fn: { ...settled, removing: true } }).cap).toBe(UNKNOWN);
  });

  test('a capability that is gone is told, except by accesses that come before the core has looked', () => {
    const fn = { discovered: true, removing: false };
    expect(observe({ cap: 0 }, { fn, cap: 1 })).toMatchObject({ cap: 0, told: ['capability gone'] });
    expect(observe({ cap: 0 }, { fn, cap: 0 })).toMatchObject({ cap: 0, told: [] });
    expect(observe({ cap: 0, kind: 'config.write' }, { fn, cap: 1 })).toMatchObject({ cap: 1, told: [] });
    expect(observe({ cap: 0, kind: 'config.write' }, { fn })).toMatchObject({ cap: 0, told: [] });
  });
});

describe('what an event prints of the state of a function', () => {
  test('a page shift of its own makes it a PF or a plain function; 0 says nothing of what it is', () => {
    expect(observe({ stu: 12 })).toMatchObject({ fn: { isVf: 0 }, stu: 12 });
    expect(observe({ stu: 0 })).toMatchObject({ fn: { isVf: UNKNOWN }, stu: UNKNOWN });
    expect(observe({ stu: 12 }, { fn: { isVf: 1 } })).toMatchObject({ fn: { isVf: 1 }, stu: UNKNOWN });
    expect(observe({ stu: 0 }, { fn: { isVf: 0 } }).stu).toBe(0);
  });

  test('that contradicts the calls is ATS093 where all are recorded', () => {
    expect(observe({ enabled: 1 }, { en: 0 })).toMatchObject({ en: 1, told: ['ATS093 ats_enabled = 1.'] });
    expect(observe({ stu: 13 }, { fn: { isVf: 0 }, stu: 12 })).toMatchObject({
      stu: 13,
      told: ['ATS093 ats_stu = 13.'],
    });
    expect(observe({ enabled: 1 }, { en: 1 }).told).toEqual([]);
  });

  test.each([
    ['an enable is not recorded', { enabled: 1 }, { en: 0, unseen: ['ats.enable'] }],
    ['a disable is not recorded', { enabled: 0 }, { en: 1, unseen: ['ats.disable'] }],
    ['a prepare is not recorded', { stu: 13 }, { fn: { isVf: 0 }, stu: 12, unseen: ['ats.prepare'] }],
    ['the other event is of the same instant', { enabled: 1 }, { en: 0, simultaneous: true }],
    ['the order of the events is not known', { enabled: 1 }, { en: 0, concurrent: true }],
  ] as const)('is new evidence where %s', (_what, shown, known) => {
    const { told } = observe(shown, known as Known);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^ATS092 ats_(enabled|stu) is \d+ where \d+ was known/);
  });

  test('needs only the call that leads away from what is known', () => {
    expect(observe({ enabled: 1 }, { en: 0, unseen: ['ats.disable', 'ats.prepare'] }).told).toEqual([
      'ATS093 ats_enabled = 1.',
    ]);
    expect(observe({ enabled: 0 }, { en: 1, unseen: ['ats.enable', 'ats.prepare'] }).told).toEqual([
      'ATS093 ats_enabled = 0.',
    ]);
  });
});
