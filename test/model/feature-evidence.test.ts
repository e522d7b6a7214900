import { describe, expect, it } from 'vitest';
import { type EventKindName, UNKNOWN } from '../../model/events.ts';
import { chooseProfile, Features } from '../../model/features.ts';
import type { Operands } from '../../model/predict.ts';
import { correctFeatures } from '../../model/replay/feature-evidence.ts';

interface Call {
  readonly kind?: EventKindName;
  readonly result?: number;
  readonly isVf?: number;
  readonly pfBusy?: boolean;
}

const REFUSED = -22;

/** What a call shows of a kernel of which nothing is known beforehand: all else is as it must be for it to be accepted. */
function shows(call: Call, operands: Partial<Operands> = {}): string[] {
  const features = new Features(chooseProfile(null), false);
  const done = {
    kind: 'ats.prepare',
    result: 0,
    event: 7,
    pfBusy: false,
    ...call,
    fn: { isVf: call.isVf ?? 1, address: '0000:01:00.1' },
    operands: { pfSupported: 1, answered: 1, enabled: 0, pfStu: 13, pageShift: 13, ...operands },
  };
  const changed = correctFeatures(features, done as never);
  expect(changed).toBe(features.corrections.length > 0);
  return features.corrections
    .map(({ feature, value, event }) => {
      expect(event).toBe(7);
      return `${feature} ${value}`;
    })
    .filter((text) => text !== 'prepare_exists true');
}

describe('that the support test of a VF looks at its PF', () => {
  const blind = ['supported_is_pf_aware false'];

  it('is not so where a VF is supported or accepted although its PF does not support ATS', () => {
    for (const kind of ['ats.prepare', 'ats.enable'] as const)
      expect(shows({ kind }, { pfSupported: 0 })).toEqual(blind);
    expect(shows({ kind: 'ats.supported', result: 1 }, { pfSupported: 0 })).toEqual(blind);
  });

  it.each<[string, Call, Partial<Operands>]>([
    ['the PF supports ATS', { kind: 'ats.supported', result: 1 }, { pfSupported: 1 }],
    ['nothing is known of the PF', { kind: 'ats.supported', result: 1 }, { pfSupported: UNKNOWN }],
    ['the answer is no', { kind: 'ats.supported', result: 0 }, { pfSupported: 0 }],
    ['the answer is not recorded', { kind: 'ats.supported', result: UNKNOWN }, { pfSupported: 0 }],
    ['the support test answers as no call does', { kind: 'ats.supported', result: 0 }, { pfSupported: 0 }],
    ['prepare is refused', { result: REFUSED }, { pfSupported: 0, pfStu: 13 }],
    ['enable is refused', { kind: 'ats.enable', result: REFUSED }, { pfSupported: 0 }],
    ['enable is accepted and the PF supports ATS', { kind: 'ats.enable' }, {}],
    ['it is no VF', { kind: 'ats.enable', isVf: 0 }, { pfSupported: 0 }],
    ['what it is, is unknown', { kind: 'ats.enable', isVf: UNKNOWN }, { pfSupported: 0 }],
    ['it is a disable', { kind: 'ats.disable' }, { pfSupported: 0 }],
    ['it is a restore', { kind: 'ats.restore' }, { pfSupported: 0 }],
    ['it is a call of another kind', { kind: 'iommu.attach' }, { pfSupported: 0 }],
  ])('is not told where %s', (_what, call, operands) => {
    expect(shows(call, operands)).toEqual([]);
  });
});

describe('that prepare of a VF compares page shifts', () => {
  it('is not so where another one than that of the PF is accepted', () => {
    expect(shows({}, { pageShift: 14 })).toEqual(['prepare_checks_vf_shift false']);
  });

  it('is so where another one is refused and nothing else explains it', () => {
    expect(shows({ result: REFUSED }, { pageShift: 14 })).toEqual(['prepare_checks_vf_shift true']);
    expect(shows({ result: REFUSED }, { pfStu: UNKNOWN })).toEqual(['prepare_checks_vf_shift true']);
    expect(shows({ result: REFUSED }, { pageShift: 12 })).toEqual(['prepare_checks_vf_shift true']);
  });

  it.each<[string, Call, Partial<Operands>]>([
    ['it is the same page shift', {}, {}],
    ['the same one is refused', { result: REFUSED }, {}],
    ['the page shift of the PF is unknown', {}, { pfStu: UNKNOWN }],
    ['its own is unknown', {}, { pageShift: UNKNOWN }],
    ['its own is unknown and it is refused', { result: REFUSED }, { pageShift: UNKNOWN }],
    ['a call of the PF was under way', { pfBusy: true }, { pageShift: 14 }],
    [
      'a call of the PF was under way and it is refused',
      { pfBusy: true, result: REFUSED },
      { pageShift: 14 },
    ],
    ['it is an enable', { kind: 'ats.enable' }, { pageShift: 14 }],
    ['it is an enable that is refused', { kind: 'ats.enable', result: REFUSED }, { pageShift: 14 }],
    ['ATS is on', { result: REFUSED }, { pageShift: 14, enabled: 1 }],
    ['whether ATS is on is unknown', { result: REFUSED }, { pageShift: 14, enabled: UNKNOWN }],
    ['the page shift is below the least', { result: REFUSED }, { pageShift: 11 }],
    ['the support test said no', { result: REFUSED }, { pageShift: 14, answered: 0 }],
    ['the support test was not asked', { result: REFUSED }, { pageShift: 14, answered: UNKNOWN }],
    ['ATS is on, which is another result', { result: -16 }, { pageShift: 14 }],
    ['it is a PF', { isVf: 0 }, { pageShift: 14 }],
  ])('is not told where %s', (_what, call, operands) => {
    expect(shows(call, operands)).toEqual([]);
  });
});

it('prepare exists where it is called', () => {
  const told = (kind: EventKindName) => {
    const features = new Features(chooseProfile(null), false);
    correctFeatures(features, { kind, result: 0, event: 7, fn: { isVf: 0 } } as never);
    return features.get('prepare_exists');
  };
  expect(told('ats.prepare')).toBe(true);
  expect(told('ats.enable')).toBe(null);
});

it('what is known already is no correction', () => {
  const features = new Features(chooseProfile(null), false);
  const call = { kind: 'ats.prepare', result: 0, event: 7, fn: { isVf: 0 } } as never;
  expect([correctFeatures(features, call), correctFeatures(features, call)]).toEqual([true, false]);
});
