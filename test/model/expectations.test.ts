import { beforeEach, describe, expect, test } from 'vitest';
import { Expectations, GRACE_NS } from '../../model/replay/expectations.ts';
import type { Draft, Expectation } from '../../model/rules/rule.ts';

const VF = 3;
let told: string[];
let position: number;
let expectations: Expectations;

beforeEach(() => {
  told = [];
  position = 0;
  expectations = new Expectations({
    position: () => position,
    missed: (rule, draft, at) => told.push(`${rule} missed: ${draft.message}, told of ${at}`),
    passed: (rule, fn) => told.push(`${rule} passed on ${fn}`),
  });
});

function wait(more: Partial<Expectation> = {}): void {
  expectations.expect({
    rule: 'R1',
    fn: VF,
    event: 10,
    beforeUse: false,
    beforeRemoval: false,
    overdue: (event, harmless) => ({ message: `at ${event}, harmless ${harmless}` }) as Draft,
    ...more,
  });
}

const at = (place: number, step: () => void) => {
  position = place;
  step();
};

describe('what is expected of a function', () => {
  test('passes when it comes, once', () => {
    wait();
    expectations.met('R1', VF);
    expectations.met('R1', VF);
    expectations.met('R1', 4);
    expect(told).toEqual(['R1 passed on 3']);
  });

  test('is known by its rule, and the first event that made it due counts', () => {
    wait();
    wait({ event: 11 });
    wait({ rule: 'R2', event: 12 });
    expectations.overdue('R2', VF, 20);
    expectations.overdue('R1', VF, 21);
    expectations.overdue('R1', VF, 22);
    expect(told).toEqual([
      'R2 missed: at 20, harmless -1, told of 0',
      'R1 missed: at 21, harmless -1, told of 0',
    ]);
  });

  test('is due when the function is used, where that counts, and told later, of then', () => {
    wait({ beforeUse: true });
    wait({ rule: 'R2' });
    at(5, () => expectations.used(VF, 50));
    at(6, () => expectations.used(VF, 60));
    at(7, () => expectations.used(4, 70));
    expect(told).toEqual([]);
    at(9, () => expectations.met('R1', VF));
    at(9, () => expectations.met('R2', VF));
    expect(told).toEqual(['R1 missed: at 50, harmless -1, told of 5', 'R2 passed on 3']);
  });

  test('may be due from the beginning', () => {
    at(4, () => wait({ dueAt: 11 }));
    at(8, () => expectations.close());
    expect(told).toEqual(['R1 missed: at 11, harmless -1, told of 4']);
  });

  test('does no harm while the last look says so', () => {
    wait({ dueAt: 11 });
    expectations.harmless('R1', VF, 30);
    expectations.harmless('R2', VF, 31);
    expectations.harmless('R1', 4, 32);
    wait({ rule: 'R2', dueAt: 12 });
    expectations.harmless('R2', VF, 33);
    expectations.harmless('R2', VF, -1);
    expectations.close();
    expect(told).toEqual([
      'R1 missed: at 11, harmless 30, told of 0',
      'R2 missed: at 12, harmless -1, told of 0',
    ]);
  });

  test('is settled by the removal of the function, or missed by it', () => {
    wait();
    wait({ rule: 'R2', beforeRemoval: true });
    wait({ rule: 'R3', dueAt: 13 });
    at(8, () => expectations.removed(VF, 80));
    expectations.close();
    expect(told).toEqual([
      'R2 missed: at 80, harmless -1, told of 8',
      'R3 missed: at 13, harmless -1, told of 0',
    ]);
  });

  test.each([
    [GRACE_NS, ['R1 missed: at 10, harmless -1, told of 9']],
    [GRACE_NS - 1n, []],
  ])('is due at the end when nothing came for a second (%d ns)', (silence, missed) => {
    wait();
    at(9, () => expectations.finish((event) => (event === 10 ? silence : 0n)));
    expect(told).toEqual([]);
    expectations.close();
    expect(told).toEqual(missed);
  });

  test('may be what was lost; what was due stays', () => {
    wait();
    wait({ rule: 'R2', dueAt: 12 });
    expectations.forget();
    expectations.met('R1', VF);
    expect(told).toEqual(['R2 missed: at 12, harmless -1, told of 0']);
  });
});
