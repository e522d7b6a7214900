import { describe, expect, test } from 'vitest';
import { type EventKindName, KIND, UNKNOWN } from '../../model/events.ts';
import { Observer } from '../../model/replay/observer.ts';
import { CORE_CAP, CORE_EN, CORE_STU, DRV_EN, HW_EN, HW_STU, StateStore } from '../../model/state.ts';
import { type FunctionRecord, Topology } from '../../model/topology.ts';

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
  readonly hwEn?: number;
  readonly hwStu?: number;
  readonly driver?: number;
  /** Writes of ATS Control would be seen. */
  readonly writes?: boolean;
  /** Kinds of call that the recording does not show. */
  readonly unseen?: readonly EventKindName[];
  readonly simultaneous?: boolean;
  readonly concurrent?: boolean;
}

/** What is known after an event shows something of a function of which something was known. */
function observe(shown: Shown, known: Known = {}) {
  const told: string[] = [];
  const asked: string[] = [];
  const state = new StateStore({ changed: () => {} });
  state.addFunction(0);
  state.set(0, CORE_CAP, known.cap ?? UNKNOWN, 1, 'call');
  state.set(0, CORE_EN, known.en ?? UNKNOWN, 1, 'call');
  state.set(0, CORE_STU, known.stu ?? UNKNOWN, 1, 'call');
  state.set(0, HW_EN, known.hwEn ?? UNKNOWN, 1, 'call');
  state.set(0, HW_STU, known.hwStu ?? UNKNOWN, 1, 'call');
  state.set(0, DRV_EN, known.driver ?? UNKNOWN, 1, 'call');
  const topology = new Topology();
  for (const address of ['0000:01:00.0', '0000:02:00.0']) topology.open(address, 0);
  const fn = {
    fn: 0,
    address: '0000:01:00.0',
    isVf: UNKNOWN,
    isPf: UNKNOWN,
    pf: -1,
    ...known.fn,
  } as FunctionRecord;
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
    watchesRegister: () => known.writes === true,
    question: (code: string, reason: string) => asked.push(`${code}: ${reason}`),
    simultaneous: () => known.simultaneous === true,
    because: () => [],
    fire: (rule: string, { observed }: { observed: string }) => told.push(`${rule} ${observed}`),
  };
  const observer = new Observer(
    events as never,
    { concurrent: [known.concurrent ? 1 : 0] } as never,
    state,
    topology,
    bench as never,
    () => told.push('capability gone'),
  );
  observer.nature(fn, 0);
  observer.changing(fn, 0);
  return {
    fn,
    told,
    asked,
    cap: state.get(0, CORE_CAP),
    en: state.get(0, CORE_EN),
    stu: state.get(0, CORE_STU),
    others: [HW_EN, HW_STU, DRV_EN].map((field) => state.get(0, field)),
  };
}

describe('what an event prints of the nature of a function', () => {
  test('a PF is no VF; what is not printed changes nothing', () => {
    expect(observe({ isPf: 1 }).fn).toMatchObject({ isPf: 1, isVf: 0 });
    expect(observe({ isPf: 0 }, { fn: { isVf: 1 } }).fn).toMatchObject({ isPf: 0, isVf: 1 });
    expect(observe({}, { fn: { isPf: 1, isVf: 0 } }).fn).toMatchObject({ isPf: 1, isVf: 0 });
  });

  test('a listing says what is not known, and what the kernel printed counts against it', () => {
    const listed = (shown: Shown, fn: Partial<FunctionRecord> = {}) =>
      observe({ ...shown, kind: 'listing.function' }, { fn }).fn;
    expect(listed({ isVf: 1 })).toMatchObject({ isVf: 1 });
    expect(listed({ isVf: 1 }, { isVf: 0 })).toMatchObject({ isVf: 0 });
    expect(listed({ isVf: 0 }, { isVf: 1 })).toMatchObject({ isVf: 0 });
    expect(listed({ isPf: 1 })).toMatchObject({ isPf: 1, isVf: 0 });
    expect(listed({ isPf: 1 }, { isVf: 0 })).toMatchObject({ isPf: 1, isVf: 0 });
    expect(listed({ isPf: 1 }, { isVf: 1 })).toMatchObject({ isPf: UNKNOWN, isVf: 1 });
    expect(observe({ isPf: 1 }, { fn: { isVf: 1 } }).fn).toMatchObject({ isPf: 1, isVf: 0 });
  });

  test('a function that is no VF has no PF', () => {
    expect(observe({ isVf: 0 }, { fn: { isVf: 1, pf: 1 } }).fn).toMatchObject({ isVf: 0, pf: -1 });
    expect(observe({ isVf: 1 }, { fn: { isVf: 1, pf: 1 } }).fn).toMatchObject({ isVf: 1, pf: 1 });
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

  describe('by a call that is not recorded', () => {
    const known = { fn: { isVf: 0 }, en: 1, stu: 12, hwEn: 1, hwStu: 0, driver: 1 };
    const off = (more: Known = {}) => observe({ enabled: 0 }, { ...known, unseen: ['ats.disable'], ...more });
    const shifted = (more: Known = {}) =>
      observe({ stu: 14 }, { ...known, unseen: ['ats.prepare'], ...more });

    test('takes the register and what the driver believes with it', () => {
      expect(off().others).toEqual([UNKNOWN, 0, UNKNOWN]);
      expect(shifted().others).toEqual([1, UNKNOWN, 1]);
    });

    test('leaves a register whose writes would have been seen', () => {
      expect(off({ writes: true }).others).toEqual([1, 0, UNKNOWN]);
      expect(shifted({ writes: true }).others).toEqual([1, 0, 1]);
    });

    test('leaves what agrees with it', () => {
      expect(off({ hwEn: 0, driver: 0 }).others).toEqual([0, 0, 0]);
      expect(shifted({ hwStu: 2 }).others).toEqual([1, 2, 1]);
    });
  });

  test('is a question about the register where calls of that kind are recorded and its writes are not', () => {
    expect(observe({ enabled: 0 }, { en: 1 }).asked).toEqual([
      'change-unseen: ats_enabled of 0000:01:00.0 changed from 1 to 0 without a recorded call, and whether its register went with it is unknown.',
    ]);
    expect(observe({ enabled: 0 }, { en: 1, writes: true }).asked).toEqual([]);
    expect(observe({ enabled: 0 }, { en: 1, unseen: ['ats.disable'] }).asked).toEqual([]);
  });

  test('takes register and driver with it where calls of that kind are recorded, too: this one is not', () => {
    expect(observe({ enabled: 0 }, { en: 1, hwEn: 1, driver: 1 })).toMatchObject({
      told: ['ATS093 ats_enabled = 0.'],
      others: [UNKNOWN, UNKNOWN, UNKNOWN],
    });
  });
});
