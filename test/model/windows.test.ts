import { beforeEach, describe, expect, test } from 'vitest';
import { KIND, UNKNOWN } from '../../model/events.ts';
import { isLifeStep, WindowTracker } from '../../model/replay/windows.ts';
import type { ResetDone } from '../../model/rules/rule.ts';
import { CORE_EN, HW_EN, HW_PASID, HW_STU, StateStore } from '../../model/state.ts';
import type { FunctionRecord } from '../../model/topology.ts';

const RESET = KIND['reset.function'];
const FLR = KIND['reset.flr'];
const RELEASE = KIND['iommu.release'];
const REMOVE = KIND['device.remove'];
const TASK = 7;
const SECOND = 1_000_000_000n;

let told: string[];
let resets: ResetDone[];
let state: StateStore;
let windows: WindowTracker;
let vf: FunctionRecord;
let other: FunctionRecord;

beforeEach(() => {
  told = [];
  resets = [];
  state = new StateStore({ changed: () => {} });
  [vf, other] = [0, 1].map((fn) => ({ fn, released: false }) as FunctionRecord);
  for (const { fn } of [vf, other]) {
    state.addFunction(fn);
    for (const field of [HW_EN, HW_STU, HW_PASID, CORE_EN]) state.set(fn, field, 1, 0, 'call');
  }
  windows = new WindowTracker(state, {
    resetEnded: (reset) => resets.push(reset),
    released: (fn, event) => told.push(`${fn.fn} released at ${event}`),
    wiped: (fn, event) => told.push(`${fn.fn} wiped at ${event}`),
    calm: (fn) => told.push(`${fn.fn} calm`),
    observable: (fn) => fn === vf,
  });
});

/** Time of a row: its number in tenths of a second. */
const timeOf = (row: number) => (BigInt(row) * SECOND) / 10n;

describe('a reset', () => {
  test('spans its outermost call, and happens when the hardware is reset', () => {
    windows.enter(vf, 0, true, 10, RESET);
    expect(windows.inReset(vf.fn)).toBe(true);
    expect(windows.inReset(other.fn)).toBe(false);
    expect(state.get(vf.fn, HW_EN)).toBe(1);
    windows.enter(vf, 1, true, 11, FLR);
    for (const field of [HW_EN, HW_STU, HW_PASID]) expect(state.get(vf.fn, field)).toBe(UNKNOWN);
    expect(state.get(vf.fn, CORE_EN)).toBe(1);
    windows.exit(vf, 1, 12, FLR, 0);
    expect(resets).toEqual([]);
    windows.exit(vf, 0, 13, RESET, 0);
    expect(windows.inReset(vf.fn)).toBe(false);
    expect(told).toEqual(['0 wiped at 11', '0 calm']);
    expect(resets).toEqual([
      {
        fn: vf,
        event: 11,
        endEvent: 13,
        failed: false,
        enabledBefore: 1,
        enabledAgain: false,
        observable: true,
      },
    ]);
  });

  test('of another kind of call is none', () => {
    windows.enter(vf, 0, true, 10, REMOVE);
    expect(windows.inReset(vf.fn)).toBe(false);
  });

  test.each([
    ['that failed before the hardware was reset', false, -25, true],
    ['that failed after it', true, -25, false],
    ['whose result is not recorded', false, UNKNOWN, false],
    ['that succeeded', false, 0, false],
  ])('%s', (_what, happens, result, failed) => {
    windows.enter(vf, 0, true, 10, RESET);
    if (happens) windows.enter(vf, 1, true, 11, FLR);
    windows.exit(vf, 0, 13, RESET, result);
    expect(resets.map((reset) => reset.failed)).toEqual([failed]);
  });

  test('in which ATS was enabled again says so, unless the hardware is reset once more', () => {
    windows.enter(vf, 0, true, 10, RESET);
    windows.enter(vf, 1, true, 11, FLR);
    windows.enabledAgain(other);
    windows.enabledAgain(vf);
    expect(told).toEqual(['0 wiped at 11']);
    windows.exit(vf, 0, 13, RESET, 0);
    windows.enter(vf, 2, true, 20, RESET);
    windows.enabledAgain(vf);
    windows.enter(vf, 3, true, 21, FLR);
    windows.exit(vf, 2, 23, RESET, 0);
    expect(resets.map((reset) => reset.enabledAgain)).toEqual([true, false]);
  });

  test.each([0, UNKNOWN])('by pcie_flr() alone (%d) lasts until ATS is enabled again', (result) => {
    windows.enter(vf, 0, true, 10, FLR);
    windows.exit(vf, 0, 11, FLR, result);
    expect(windows.inReset(vf.fn)).toBe(true);
    expect(windows.inReset(other.fn)).toBe(false);
    windows.enabledAgain(other);
    expect(windows.inReset(vf.fn)).toBe(true);
    windows.enabledAgain(vf);
    expect(windows.inReset(vf.fn)).toBe(false);
    expect(told).toEqual(['0 wiped at 10', '0 calm']);
    expect(resets).toEqual([]);
  });

  test('by pcie_flr() that failed is over', () => {
    windows.enter(vf, 0, true, 10, FLR);
    windows.exit(vf, 0, 11, FLR, -25);
    expect(windows.inReset(vf.fn)).toBe(false);
    expect(told).toEqual(['0 wiped at 10', '0 calm']);
  });

  test('whose end is not recorded counts from its beginning, until ATS is enabled again', () => {
    windows.enter(vf, 0, false, 10, RESET);
    expect(told).toEqual(['0 wiped at 10']);
    windows.enabledAgain(vf);
    expect(windows.inReset(vf.fn)).toBe(false);
    expect(told).toEqual(['0 wiped at 10', '0 calm']);
  });

  test.each([
    [20, 1],
    [19, 0],
  ])('that nobody ended is told when the recording goes on for a second (%d)', (last, count) => {
    windows.enter(vf, 0, false, 10, RESET);
    windows.finish((row) => timeOf(last) - timeOf(row));
    expect(resets.map(({ event, endEvent, failed }) => ({ event, endEvent, failed }))).toEqual(
      Array(count).fill({ event: 10, endEvent: 10, failed: false }),
    );
  });

  test('is forgotten with lost events', () => {
    windows.enter(vf, 0, true, 10, RESET);
    windows.enter(other, 1, false, 11, RESET);
    windows.forget();
    expect(windows.inReset(vf.fn) || windows.inReset(other.fn)).toBe(false);
  });
});

describe('a release', () => {
  test('is told once, at its last step, when its call ends', () => {
    windows.releaseBegins(vf, 10, TASK, false);
    windows.releaseBegins(vf, 11, TASK, true);
    windows.exit(vf, 0, 12, RELEASE, 0);
    windows.releaseBegins(vf, 13, TASK, true);
    windows.exit(vf, 1, 14, REMOVE, 0);
    expect(told).toEqual(['0 released at 11']);
  });

  test('ends with the removal of its device, and with no other call', () => {
    windows.releaseBegins(vf, 10, TASK, false);
    windows.exit(vf, 0, 11, FLR, 0);
    windows.exit(other, 1, 12, REMOVE, 0);
    expect(told).toEqual([]);
    windows.exit(vf, 2, 13, REMOVE, 0);
    expect(told).toEqual(['0 released at 10']);
  });

  test('that the IOMMU driver began stays one of the IOMMU driver', () => {
    windows.releaseBegins(vf, 10, TASK, true);
    windows.releaseBegins(vf, 11, TASK, false);
    windows.lifeCycle(TASK, other);
    expect(told).toEqual(['0 released at 11']);
  });

  test.each([
    ['by the IOMMU driver ends when its task goes on with another function', true, TASK, 'other', 1],
    ['does not when another task does', true, TASK + 1, 'other', 0],
    ['does not when the task goes on with the same function', true, TASK, 'vf', 0],
    ['does not where only the PCI core lets go', false, TASK, 'other', 0],
  ] as const)('%s', (_what, byIommu, task, next, count) => {
    windows.releaseBegins(vf, 10, TASK, false);
    if (byIommu) windows.releaseBegins(vf, 10, TASK, true);
    windows.lifeCycle(task, next === 'vf' ? vf : other);
    expect(told).toHaveLength(count);
  });

  test.each([
    [20, 1],
    [19, 0],
  ])('that nothing ended is told when the recording goes on for a second (%d)', (last, count) => {
    windows.releaseBegins(vf, 10, TASK, true);
    windows.finish((row) => timeOf(last) - timeOf(row));
    expect(told).toHaveLength(count);
  });
});

test('steps in the life of functions', () => {
  const steps = [
    'device.add',
    'device.remove',
    'vf.add',
    'vf.remove',
    'sriov.enable',
    'iommu.probe',
  ] as const;
  for (const kind of steps) expect(isLifeStep(KIND[kind])).toBe(true);
  for (const kind of ['ats.enable', 'iommu.release', 'reset.flr'] as const)
    expect(isLifeStep(KIND[kind])).toBe(false);
});
