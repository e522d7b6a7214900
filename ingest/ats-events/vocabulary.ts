/** What a field holds. */
export type FieldType = 'time' | 'event' | 'address' | 'integer' | 'result' | 'bool' | 'register' | 'text';

export interface FieldDef {
  readonly name: string;
  readonly type: FieldType;
  readonly doc: string;
}

/** The fields that have a meaning. All others are kept as columns. */
export const FIELDS = [
  {
    name: 'time',
    type: 'time',
    doc: 'When, in the unit that the header declares, or with its own: `"12.5 us"`.',
  },
  { name: 'event', type: 'event', doc: 'What happened: one of the events below.' },
  {
    name: 'function',
    type: 'address',
    doc: 'The PCI function: `0000:01:00.1`, `01:00.1` or a routing id, `"0x0101"`.',
  },
  {
    name: 'phase',
    type: 'text',
    doc: 'Of a software call: `call` (all of it, the default), `enter` or `return`.',
  },
  { name: 'page_shift', type: 'integer', doc: 'Translation unit asked for, as a page shift: 12 is 4 KiB.' },
  {
    name: 'stu',
    type: 'integer',
    doc: 'The same as the STU field: page shift - 12. In register events what the register holds.',
  },
  {
    name: 'result',
    type: 'result',
    doc: '0, a negative error number, or its name: `"-EINVAL"`. Of `supported`: true or false.',
  },
  { name: 'pf', type: 'address', doc: 'The Physical Function of a VF.' },
  { name: 'vf_index', type: 'integer', doc: 'Index of a VF within its PF, from 0.' },
  { name: 'is_vf', type: 'bool', doc: 'Whether the function is a VF, where no `pf` says so.' },
  {
    name: 'ats_capability',
    type: 'integer',
    doc: 'Offset of the ATS capability in config space; 0 where there is none.',
  },
  { name: 'enabled', type: 'bool', doc: 'Whether the core has ATS on at this moment.' },
  { name: 'untrusted', type: 'bool', doc: 'Whether the core distrusts the device.' },
  {
    name: 'thread',
    type: 'integer',
    doc: 'Thread of the software that does it; calls nest within a thread.',
  },
  {
    name: 'by',
    type: 'text',
    doc: 'Who wrote a register: `core` (the PCI core), `user` (behind it), or nothing where unknown.',
  },
  { name: 'register', type: 'register', doc: '`ats_control`, `pasid_control` or `pri_control`.' },
  { name: 'offset', type: 'integer', doc: 'Offset of an access in config space.' },
  { name: 'width', type: 'integer', doc: 'Its width in bytes: 1, 2 or 4.' },
  { name: 'value', type: 'integer', doc: 'What was written or read.' },
  { name: 'enable', type: 'bool', doc: 'Enable bit of the register, where no `value` tells it.' },
  { name: 'tag', type: 'integer', doc: 'What a completion has in common with its request.' },
  { name: 'features', type: 'integer', doc: 'Features asked for by `pasid_enable`.' },
] as const satisfies readonly FieldDef[];

export type FieldName = (typeof FIELDS)[number]['name'];

export interface EventDef {
  readonly name: string;
  readonly group: 'software' | 'register' | 'traffic' | 'hardware';
  readonly doc: string;
  /** Fields that must be there, besides `time` and `event`; a list inside stands for "one of". */
  readonly needs: readonly (FieldName | readonly FieldName[])[];
  readonly also?: readonly FieldName[];
}

const call = (name: string, doc: string, more: Partial<EventDef> = {}): EventDef => ({
  name,
  group: 'software',
  doc,
  needs: ['function'],
  also: ['phase', 'result', 'thread'],
  ...more,
});

const SHIFT: readonly FieldName[] = ['page_shift', 'stu'];

/** Every event. The documents and the JSON Schema come from this list. */
export const EVENTS: readonly EventDef[] = [
  call('add', 'The core finds a function. With `pf` it is a VF.', {
    also: ['pf', 'vf_index', 'is_vf', 'ats_capability', 'untrusted', 'thread'],
  }),
  call('remove', 'The core lets a function go.', { also: ['thread'] }),
  call('supported', 'Somebody asks whether the function may use ATS (`pci_ats_supported`).'),
  call('prepare', 'The translation unit is set before use (`pci_prepare_ats`).', {
    needs: ['function', SHIFT],
  }),
  call('enable', 'ATS is switched on (`pci_enable_ats`).', { needs: ['function', SHIFT] }),
  call('disable', 'ATS is switched off (`pci_disable_ats`).', { also: ['phase', 'enabled', 'thread'] }),
  call('restore', 'ATS Control is written again after a reset (`pci_restore_ats_state`).'),
  call('pasid_enable', 'PASID is switched on.', { also: ['phase', 'result', 'features', 'thread'] }),
  call('pasid_disable', 'PASID is switched off.'),
  call('pri_enable', 'The page request interface is switched on.'),
  call('pri_disable', 'The page request interface is switched off.'),
  call('attach', 'The function is attached to a translation domain.'),
  call('block', 'The function is put into the blocked domain.'),
  call('flr', 'Software resets the function (FLR).'),
  call('reset_function', 'Software resets the function, saving and restoring its state around it.'),
  {
    name: 'register_write',
    group: 'register',
    doc: 'A register of the function is written, as the hardware sees it.',
    needs: ['function', 'register', ['value', 'enable', 'stu']],
    also: ['by'],
  },
  {
    name: 'register_read',
    group: 'register',
    doc: 'What a register of the function answers.',
    needs: ['function', 'register', ['value', 'enable', 'stu']],
  },
  {
    name: 'config_write',
    group: 'register',
    doc: 'A write to config space; where capabilities stand is learned as it is from QEMU.',
    needs: ['function', 'offset', 'value'],
    also: ['width'],
  },
  {
    name: 'config_read',
    group: 'register',
    doc: 'A read from config space.',
    needs: ['function', 'offset', 'value'],
    also: ['width'],
  },
  {
    name: 'vf_on',
    group: 'hardware',
    doc: 'A VF appears in the hardware: VF Enable was set.',
    needs: ['function', 'pf'],
    also: ['vf_index'],
  },
  { name: 'vf_off', group: 'hardware', doc: 'A function is gone from the hardware.', needs: ['function'] },
  { name: 'reset', group: 'hardware', doc: 'The hardware resets the function.', needs: ['function'] },
  {
    name: 'translation_request',
    group: 'traffic',
    doc: 'The function asks for a translation.',
    needs: ['function'],
    also: ['tag'],
  },
  {
    name: 'translation_completion',
    group: 'traffic',
    doc: 'Its answer.',
    needs: ['function'],
    also: ['tag'],
  },
  {
    name: 'invalidation_request',
    group: 'traffic',
    doc: 'The function is told to forget translations.',
    needs: ['function'],
    also: ['tag'],
  },
  {
    name: 'invalidation_completion',
    group: 'traffic',
    doc: 'The function has forgotten them.',
    needs: ['function'],
    also: ['tag'],
  },
  {
    name: 'page_request',
    group: 'traffic',
    doc: 'The function asks for a page to be made present.',
    needs: ['function'],
    also: ['tag'],
  },
  { name: 'page_response', group: 'traffic', doc: 'Its answer.', needs: ['function'], also: ['tag'] },
];

/** Units of time, in femtoseconds. */
export const TIME_UNITS: Readonly<Record<string, bigint>> = {
  fs: 1n,
  ps: 1_000n,
  ns: 1_000_000n,
  us: 1_000_000_000n,
  ms: 1_000_000_000_000n,
  s: 1_000_000_000_000_000n,
};

export const REGISTER_NAMES = ['ats_control', 'pasid_control', 'pri_control'] as const;

/** Error numbers by name, as far as calls of ATS, PASID and PRI return them (include/uapi/asm-generic/errno-base.h). */
export const ERRORS: Readonly<Record<string, number>> = {
  EPERM: -1,
  ENOENT: -2,
  EIO: -5,
  ENOMEM: -12,
  EBUSY: -16,
  ENODEV: -19,
  EINVAL: -22,
  ENOSPC: -28,
  ENOTTY: -25,
  EOPNOTSUPP: -95,
  ETIMEDOUT: -110,
};
