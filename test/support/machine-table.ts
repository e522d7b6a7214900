import { UNKNOWN } from '../../model/events.ts';
import { chooseProfile, Features, profileById } from '../../model/features.ts';
import { CallOperands, Machine, type Outcome, ownSupport } from '../../model/machine.ts';
import {
  CORE_CAP,
  CORE_EN,
  CORE_PASID,
  CORE_PRI,
  CORE_STU,
  CORE_SUPPORTED,
  CORE_UNTRUSTED,
  HW_EN,
  HW_PASID,
  HW_STU,
  StateStore,
} from '../../model/state.ts';
import { Topology } from '../../model/topology.ts';

const FIELDS = {
  'hw.en': HW_EN,
  'hw.stu': HW_STU,
  'hw.pasid': HW_PASID,
  cap: CORE_CAP,
  untrusted: CORE_UNTRUSTED,
  supported: CORE_SUPPORTED,
  en: CORE_EN,
  stu: CORE_STU,
  pasid: CORE_PASID,
  pri: CORE_PRI,
} as const;

type FieldName = keyof typeof FIELDS;
type State = Partial<Record<FieldName, number>>;
type Who = 'pf' | 'vf' | '?';

interface Row {
  readonly what: string;
  readonly who: Who;
  readonly before?: State;
  /** What is known of the PF of a VF. */
  readonly pfBefore?: State;
  readonly call: Partial<Outcome> & Pick<Outcome, 'kind'>;
  /** Fields of the function afterwards; those not named are as before, or unknown. */
  readonly after: State;
  /** `ats_stu` of the PF of a VF afterwards. */
  readonly pfStu?: number;
  readonly profile?: string;
}

const accepted = { cap: 1, untrusted: 0, supported: 1 };
const U = UNKNOWN;

/** What evidence teaches (rules section 0.2) and what calls do (contract section 3). */
const ROWS: readonly Row[] = [
  { what: 'supported yes', who: 'pf', call: { kind: 'ats.supported', result: 1 }, after: accepted },
  { what: 'supported no', who: 'pf', call: { kind: 'ats.supported', result: 0 }, after: { supported: 0 } },
  {
    what: 'supported no although the capability is there: it is not trusted',
    who: 'pf',
    call: { kind: 'ats.supported', result: 0, capShown: 0x100 },
    after: { supported: 0, untrusted: 1 },
  },
  {
    what: 'supported no although the capability was there: a quirk may have taken it',
    who: 'pf',
    before: { cap: 1 },
    call: { kind: 'ats.supported', result: 0 },
    after: { supported: 0, cap: 1 },
  },
  {
    what: 'supported no of a trusted function',
    who: 'pf',
    before: { untrusted: 0 },
    call: { kind: 'ats.supported', result: 0, capShown: 0x100 },
    after: { supported: 0, untrusted: 0 },
  },
  {
    what: 'supported no without a capability',
    who: 'pf',
    call: { kind: 'ats.supported', result: 0, capShown: 0 },
    after: { supported: 0 },
  },
  {
    what: 'supported no of a VF where its PF is not asked',
    who: 'vf',
    call: { kind: 'ats.supported', result: 0, capShown: 0x100 },
    after: { supported: 0, untrusted: 1 },
  },
  {
    what: 'supported no of a VF where its PF is asked: either may be the reason',
    who: 'vf',
    call: { kind: 'ats.supported', result: 0, capShown: 0x100 },
    after: { supported: 0 },
    profile: 'series',
  },
  {
    what: 'the same where its PF is supported',
    who: 'vf',
    pfBefore: { supported: 1 },
    call: { kind: 'ats.supported', result: 0, capShown: 0x100 },
    after: { supported: 0, untrusted: 1 },
    profile: 'series',
  },
  {
    what: 'supported no of a function that may be a VF',
    who: '?',
    call: { kind: 'ats.supported', result: 0, capShown: 0x100 },
    after: { supported: 0 },
  },
  {
    what: 'supported, no result',
    who: 'pf',
    before: { supported: 1 },
    call: { kind: 'ats.supported', result: U },
    after: { supported: 1 },
  },
  {
    what: 'prepare = 0 on a PF',
    who: 'pf',
    call: { kind: 'ats.prepare', result: 0, pageShift: 13 },
    after: { ...accepted, en: 0, stu: 13, 'hw.en': 0, 'hw.stu': 1 },
  },
  {
    what: 'prepare = 0 on a PF without its shift',
    who: 'pf',
    before: { stu: 12, 'hw.stu': 0 },
    call: { kind: 'ats.prepare', result: 0, pageShift: U },
    after: { ...accepted, en: 0, stu: U, 'hw.en': 0, 'hw.stu': U },
  },
  {
    what: 'prepare = 0 of shift 268 on a PF: the core keeps 8 bits',
    who: 'pf',
    call: { kind: 'ats.prepare', result: 0, pageShift: 268 },
    after: { ...accepted, en: 0, stu: 12, 'hw.en': 0, 'hw.stu': 0 },
  },
  {
    what: 'prepare = 0 on a VF where its shift is not looked at',
    who: 'vf',
    before: { 'hw.en': 1 },
    call: { kind: 'ats.prepare', result: 0, pageShift: 13 },
    after: { ...accepted, en: 0, 'hw.en': 1 },
    pfStu: U,
  },
  {
    what: 'prepare = 0 on a VF of the series teaches the shift of the PF',
    who: 'vf',
    call: { kind: 'ats.prepare', result: 0, pageShift: 13 },
    after: { ...accepted, en: 0 },
    pfStu: 13,
    profile: 'series',
  },
  {
    what: 'the same without its shift teaches nothing of the PF',
    who: 'vf',
    call: { kind: 'ats.prepare', result: 0, pageShift: U },
    after: { ...accepted, en: 0 },
    pfStu: U,
    profile: 'series',
  },
  {
    what: 'prepare = 0 on a function of unknown kind: a PF would have written the register',
    who: '?',
    before: { stu: 12, 'hw.en': 1, 'hw.stu': 0 },
    call: { kind: 'ats.prepare', result: 0, pageShift: 13 },
    after: { ...accepted, en: 0, stu: U, 'hw.en': U, 'hw.stu': U },
  },
  {
    what: 'prepare = -EBUSY',
    who: 'pf',
    before: { stu: 12 },
    call: { kind: 'ats.prepare', result: -16, pageShift: 13 },
    after: { en: 1, stu: 12 },
  },
  {
    what: 'prepare without a result',
    who: 'pf',
    before: { en: 0, stu: 12, 'hw.en': 0, 'hw.stu': 0, cap: 1 },
    call: { kind: 'ats.prepare', result: U, pageShift: 13 },
    after: { en: 0, stu: U, 'hw.en': U, 'hw.stu': U, cap: 1 },
  },
  {
    what: 'prepare refused, and only missing support explains it',
    who: 'pf',
    before: { en: 0, stu: 12 },
    call: { kind: 'ats.prepare', result: -22, explanations: ['unsupported'] },
    after: { en: 0, stu: 12, supported: 0 },
  },
  {
    what: 'prepare refused for one of two reasons',
    who: 'pf',
    before: { en: 0, stu: 12 },
    call: { kind: 'ats.prepare', result: -22, explanations: ['unsupported', 'below-minimum'] },
    after: { en: 0, stu: 12 },
  },
  {
    what: 'enable refused for the shift alone',
    who: 'vf',
    before: { en: 0, supported: 1 },
    call: { kind: 'ats.enable', result: -22, explanations: ['vf-shift'] },
    after: { en: 0, supported: 1 },
  },
  {
    what: 'enable = 0 on a PF',
    who: 'pf',
    before: { stu: 12 },
    call: { kind: 'ats.enable', result: 0, pageShift: 14 },
    after: { ...accepted, en: 1, stu: 14, 'hw.en': 1, 'hw.stu': 2 },
  },
  {
    what: 'enable = 0 on a VF teaches the shift of the PF',
    who: 'vf',
    call: { kind: 'ats.enable', result: 0, pageShift: 14 },
    after: { ...accepted, en: 1, 'hw.en': 1 },
    pfStu: 14,
  },
  {
    what: 'enable = 0 on a VF without its shift',
    who: 'vf',
    call: { kind: 'ats.enable', result: 0, pageShift: U },
    after: { ...accepted, en: 1, 'hw.en': 1 },
    pfStu: U,
  },
  {
    what: 'enable = 0 on a function of unknown kind',
    who: '?',
    before: { stu: 12, 'hw.stu': 0 },
    call: { kind: 'ats.enable', result: 0, pageShift: 14 },
    after: { ...accepted, en: 1, 'hw.en': 1, stu: U, 'hw.stu': U },
  },
  {
    what: 'enable = -EBUSY',
    who: 'vf',
    call: { kind: 'ats.enable', result: -16, pageShift: 12 },
    after: { en: 1 },
    pfStu: U,
  },
  {
    what: 'enable without a result',
    who: 'pf',
    before: { en: 0, stu: 12, 'hw.en': 0, 'hw.stu': 0 },
    call: { kind: 'ats.enable', result: U, pageShift: 12 },
    after: { en: U, stu: U, 'hw.en': U, 'hw.stu': U },
  },
  {
    what: 'disable while on',
    who: 'pf',
    before: { en: 1, stu: 12, 'hw.en': 1, 'hw.stu': 0, cap: 1 },
    call: { kind: 'ats.disable' },
    after: { en: 0, stu: 12, 'hw.en': 0, 'hw.stu': 0, cap: 1 },
  },
  {
    what: 'disable while off leaves the register alone',
    who: 'pf',
    before: { en: 0, 'hw.en': 1, cap: 1 },
    call: { kind: 'ats.disable' },
    after: { en: 0, 'hw.en': 1, cap: 1 },
  },
  {
    what: 'disable in an unknown state may have written the register or not',
    who: 'pf',
    before: { 'hw.en': 1, cap: 1 },
    call: { kind: 'ats.disable' },
    after: { en: 0, 'hw.en': U, cap: 1 },
  },
  {
    what: 'restore in an unknown state may have written the register or not',
    who: 'pf',
    before: { 'hw.en': 0 },
    call: { kind: 'ats.restore' },
    after: { 'hw.en': U },
  },
  {
    what: 'disable with a WARN: the kernel says that it was off',
    who: 'pf',
    before: { en: 1, 'hw.en': 1, cap: 1 },
    call: { kind: 'ats.disable', warn: 7 },
    after: { en: 0, 'hw.en': 1, cap: 1 },
  },
  {
    what: 'disable after a quirk writes PCI Status and leaves the device on',
    who: 'pf',
    before: { en: 1, 'hw.en': 1, cap: 0 },
    call: { kind: 'ats.disable' },
    after: { en: 0, 'hw.en': 1, cap: 0 },
  },
  {
    what: 'restore while on writes what the core believes',
    who: 'pf',
    before: { en: 1, stu: 14 },
    call: { kind: 'ats.restore' },
    after: { en: 1, stu: 14, 'hw.en': 1, 'hw.stu': 2 },
  },
  {
    what: 'restore of a VF writes Enable only',
    who: 'vf',
    before: { en: 1, stu: 14 },
    call: { kind: 'ats.restore' },
    after: { en: 1, stu: 14, 'hw.en': 1 },
  },
  {
    what: 'restore while on with an unknown shift',
    who: 'pf',
    before: { en: 1 },
    call: { kind: 'ats.restore' },
    after: { en: 1, 'hw.en': 1 },
  },
  {
    what: 'restore while on that never took a shift',
    who: 'pf',
    before: { en: 1, stu: 0 },
    call: { kind: 'ats.restore' },
    after: { en: 1, stu: 0, 'hw.en': 1 },
  },
  {
    what: 'restore after a quirk writes PCI Status',
    who: 'pf',
    before: { en: 1, stu: 12, cap: 0 },
    call: { kind: 'ats.restore' },
    after: { en: 1, stu: 12, cap: 0 },
  },
  {
    what: 'restore while off does nothing',
    who: 'pf',
    before: { en: 0, stu: 14 },
    call: { kind: 'ats.restore' },
    after: { en: 0, stu: 14 },
  },
  {
    what: 'PASID on with Execute and Privileged',
    who: 'pf',
    call: { kind: 'pasid.enable', result: 0, features: 6 },
    after: { pasid: 1, 'hw.pasid': 7 },
  },
  {
    what: 'PASID on, features not recorded',
    who: 'pf',
    before: { 'hw.pasid': 0 },
    call: { kind: 'pasid.enable', result: 0, features: U },
    after: { pasid: 1, 'hw.pasid': U },
  },
  { what: 'PASID refused', who: 'pf', call: { kind: 'pasid.enable', result: -22 }, after: {} },
  { what: 'PASID on already', who: 'pf', call: { kind: 'pasid.enable', result: -16 }, after: { pasid: 1 } },
  {
    what: 'PASID off',
    who: 'pf',
    before: { pasid: 1, 'hw.pasid': 1 },
    call: { kind: 'pasid.disable' },
    after: { pasid: 0, 'hw.pasid': 0 },
  },
  {
    what: 'PASID of a VF is that of its PF',
    who: 'vf',
    call: { kind: 'pasid.enable', result: 0, features: 0 },
    after: {},
  },
  { what: 'PRI on', who: 'pf', call: { kind: 'pri.enable', result: 0 }, after: { pri: 1 } },
  {
    what: 'PRI refused',
    who: 'pf',
    before: { pri: 0 },
    call: { kind: 'pri.enable', result: -22 },
    after: { pri: 0 },
  },
  { what: 'PRI on already', who: 'pf', call: { kind: 'pri.enable', result: -16 }, after: { pri: 1 } },
  { what: 'PRI off', who: 'pf', before: { pri: 1 }, call: { kind: 'pri.disable' }, after: { pri: 0 } },
  { what: 'PRI of a VF is that of its PF', who: 'vf', call: { kind: 'pri.enable', result: 0 }, after: {} },
];

function world(profile: string) {
  const state = new StateStore({ changed: () => {} });
  const topology = new Topology();
  const chosen = profileById(profile);
  const features = new Features(
    { ...chooseProfile(null), profile: chosen, features: chosen?.features ?? chooseProfile(null).features },
    true,
  );
  const [pf, vf] = ['0000:01:00.0', '0000:01:00.1'].map((address, row) => topology.open(address, row));
  for (const fn of [pf, vf]) state.addFunction(fn.fn);
  return { state, topology, pf, vf, machine: new Machine(state, topology, features) };
}

/** Where the machine does something else than the rows say. */
export function* machineDifferences(): Generator<string> {
  for (const { what, who, before = {}, pfBefore = {}, call, after, pfStu, profile = '7.2' } of ROWS) {
    const { state, topology, pf, vf, machine } = world(profile);
    if (who === 'vf') topology.link(vf, pf, 0);
    const fn = who === 'vf' ? vf : pf;
    if (who === 'pf') fn.isVf = 0;
    for (const [name, value] of Object.entries(before))
      state.set(fn.fn, FIELDS[name as FieldName], value, 0, 'observed');
    for (const [name, value] of Object.entries(pfBefore))
      state.set(pf.fn, FIELDS[name as FieldName], value, 0, 'observed');
    machine.apply({
      fn,
      event: 9,
      warn: -1,
      pageShift: UNKNOWN,
      result: UNKNOWN,
      explanations: [],
      features: UNKNOWN,
      capShown: UNKNOWN,
      ...call,
    });
    for (const [name, field] of Object.entries(FIELDS)) {
      const expected = after[name as FieldName] ?? UNKNOWN;
      if (state.get(fn.fn, field) !== expected)
        yield `${what}: ${name} is ${state.get(fn.fn, field)}, not ${expected}`;
    }
    if (who === 'vf' && state.get(pf.fn, CORE_STU) !== (pfStu ?? UNKNOWN))
      yield `${what}: the PF holds ${state.get(pf.fn, CORE_STU)}`;
    const prepared = call.kind === 'ats.prepare' && call.result === 0 && who === 'pf';
    if ((fn.prepared !== null) !== prepared) yield `${what}: prepared is ${fn.prepared !== null}`;
  }
  yield* supportDifferences();
}

/** `pci_ats_supported()` of one function from what is known: capability, trust, last answer. */
function* supportDifferences(): Generator<string> {
  const rows: readonly [State, number][] = [
    [{}, U],
    [{ cap: 0 }, 0],
    [{ untrusted: 1 }, 0],
    [{ cap: 1 }, U],
    [{ untrusted: 0 }, U],
    [{ cap: 1, untrusted: 0 }, 1],
    [{ supported: 1 }, 1],
    [{ supported: 0, cap: 1, untrusted: 0 }, 0],
    [{ supported: 1, cap: 0 }, 0],
    [{ supported: 1, untrusted: 1 }, 0],
  ];
  for (const [before, expected] of rows) {
    const { state, pf, vf } = world('7.2');
    for (const [name, value] of Object.entries(before))
      state.set(pf.fn, FIELDS[name as FieldName], value, 0, 'observed');
    if (ownSupport(state, pf.fn) !== expected)
      yield `support with ${JSON.stringify(before)} is ${ownSupport(state, pf.fn)}, not ${expected}`;
    const operands = new CallOperands();
    operands.take(state, vf, pf, 12);
    if (operands.pfSupported !== expected) yield `of the PF of a VF: not ${expected}`;
    operands.take(state, vf, null, 12);
    if (operands.pfSupported !== UNKNOWN) yield 'a PF that nobody names is known';
  }
}
