import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../tables/index.ts';
import { analyzeBytes, labelsOf } from '../support/pipeline.ts';
import { TraceWriter } from '../support/trace-writer.ts';
import { liveVf, PF, PLAIN, readyPf, reset, VF, VF2 } from './rule-cases/steps.ts';

const BEHIND = 'ATS028';

type Call = 'prepare' | 'enable' | 'disable' | 'restore';

/** Calls of another function: they are recorded from their entry on. */
function recorded(calls: readonly Call[], trace = new TraceWriter()): TraceWriter {
  for (const call of calls) {
    if (call === 'prepare') trace.prepare(VF2, 12, 0, { vf: 1 });
    else if (call === 'enable') trace.enable(VF2, 12, 0, { vf: 1 });
    else if (call === 'disable') trace.disable(VF2, { vf: 1 });
    else trace.call('pci_restore_ats_state', VF2, { vf: 1 });
  }
  return trace;
}

const ALL = ['prepare', 'enable', 'disable', 'restore'] as const;

interface Access {
  readonly fn?: string;
  readonly where?: number;
  readonly bits?: 'byte' | 'word' | 'dword';
  readonly user?: boolean;
  readonly cap?: string | null;
}

function write(
  trace: TraceWriter,
  value: number,
  { fn = PLAIN, where = 0x106, bits = 'word', user = false, cap = '0x100' }: Access = {},
): TraceWriter {
  const symbol = `pci_${user ? 'user_' : ''}write_config_${bits}`;
  const shown = cap === null ? '' : ` cap=${cap}`;
  return trace.event(
    symbol,
    `(${symbol}+0x4/0x40) where=0x${where.toString(16)} val=0x${value.toString(16)}${shown} bdf="${fn}"`,
  );
}

function read(trace: TraceWriter, value: number, { where = 0x106, bits = 'word' }: Access = {}): TraceWriter {
  return trace.event(
    'rd',
    `(pci_user_read+0x1/0x2 <- pci_user_read_config_${bits}) where=0x${where.toString(16)} val=0x${value.toString(16)} cap=0x100 vf=0 bdf="${PLAIN}"`,
  );
}

/** A plain function of which nothing is known but that it is one; `stu` is the page shift of its core. */
function plain(trace: TraceWriter, stu?: number): TraceWriter {
  return trace.supported(PLAIN, 1, {
    vf: 0,
    cap: '0x100',
    ...(stu === undefined ? {} : { stu: [stu, stu] }),
  });
}

async function behind(trace: TraceWriter, fn = PLAIN): Promise<boolean> {
  return labelsOf(await analyzeBytes({ 'trace.txt': trace.text() })).includes(`${BEHIND}@${fn}`);
}

async function history(trace: TraceWriter, layer: string, field: string, fn = PLAIN): Promise<string[]> {
  return rowsOf((await analyzeBytes({ 'trace.txt': trace.text() })).transitions)
    .filter((row) => row.function === fn && row.layer === layer && row.field === field)
    .map((row) => `${row.new_value ?? '?'} ${row.origin}`);
}

describe('a write of the kernel outside of all recorded calls', () => {
  const clears = (calls: readonly Call[]) => write(plain(recorded(calls), 12), 0);
  const sets = (calls: readonly Call[], value = 0x8000, stu: number | null = 12) =>
    write(plain(recorded(calls), stu ?? undefined), value);

  it('clears Enable behind the core where disable and prepare would be seen', async () => {
    expect(await behind(clears(ALL))).toBe(true);
    expect(await behind(clears(['prepare', 'disable']))).toBe(true);
    expect(await behind(clears(['prepare', 'enable', 'restore']))).toBe(false);
    expect(await behind(clears(['enable', 'disable', 'restore']))).toBe(false);
  });

  it('clears Enable behind the core, whatever returns next, and whatever was under way at first', async () => {
    expect(await behind(clears(ALL).supported(PLAIN, 1, { vf: 0, cap: '0x100' }))).toBe(true);
    const trace = recorded(ALL, new TraceWriter().disable(VF2, { vf: 1, noEntry: true }));
    expect(await behind(write(plain(trace, 12), 0))).toBe(true);
  });

  it('sets Enable behind the core where enable and restore would be seen', async () => {
    expect(await behind(sets(ALL))).toBe(true);
    expect(await behind(sets(['enable', 'restore']))).toBe(true);
    expect(await behind(sets(['prepare', 'disable', 'restore'], 0x8002))).toBe(false);
  });

  it('sets another STU than the core believes: that is no restore, recorded or not', async () => {
    const unseen = ['prepare', 'enable', 'disable'] as const;
    expect(await behind(sets(unseen, 0x8001))).toBe(true);
    expect(await behind(sets(unseen, 0x8000))).toBe(false);
    expect(await behind(sets(unseen, 0x8001, null))).toBe(false);
    expect(await behind(write(plain(recorded(unseen), 12), 0x80, { where: 0x107, bits: 'byte' }))).toBe(
      false,
    );
  });

  it('sets an STU of a VF, which does not stick', async () => {
    const trace = recorded(['prepare', 'enable', 'disable']).supported(VF, 1, { vf: 1, cap: '0x100' });
    expect(await behind(write(trace, 0x8001, { fn: VF }), VF)).toBe(false);
  });

  it('sets an STU alone, which tells nobody', async () => {
    expect(await behind(write(plain(recorded(ALL), 12), 0x01, { bits: 'byte' }))).toBe(false);
  });

  it('stands within a call of another function, or of another kind', async () => {
    const known = () => plain(recorded(ALL), 12);
    const other = known();
    other.disable(VF2, { vf: 1, inside: () => write(other, 0) });
    expect(await behind(other)).toBe(true);
    const inReset = known();
    reset(inReset, PLAIN, () => write(inReset, 0));
    expect(await behind(inReset)).toBe(true);
  });

  it('stands within a call of this function, however deep, or of one that has no name', async () => {
    const own = plain(recorded(ALL), 12);
    own.disable(PLAIN, { vf: 0, inside: () => write(own, 0) });
    expect(await behind(own)).toBe(false);
    const deep = plain(recorded(ALL), 12);
    deep.disable(PLAIN, {
      vf: 0,
      inside: () => deep.call('pci_dev_reset_iommu_done', VF2, { inside: () => write(deep, 0) }),
    });
    expect(await behind(deep)).toBe(false);
    const nameless = plain(recorded(ALL), 12);
    nameless.disable(PLAIN, { unnamed: true, inside: () => write(nameless, 0) });
    expect(await behind(nameless)).toBe(false);
  });

  it('stands within a call, but user space made it', async () => {
    const trace = plain(recorded(ALL), 12);
    trace.disable(PLAIN, { vf: 0, inside: () => write(trace, 0, { user: true }) });
    expect(await behind(trace)).toBe(true);
  });
});

describe('a write in a call of which only the return is recorded', () => {
  const returnOf = (trace: TraceWriter, fn: string) => trace.disable(fn, { vf: 0, noEntry: true });
  const started = () => plain(recorded(['prepare', 'enable', 'restore']), 12).enable(PLAIN, 12, 0, { vf: 0 });

  it('belongs to it where it is the next of its task, of the same function', async () => {
    const trace = returnOf(write(started(), 0), PLAIN);
    expect(await behind(trace)).toBe(false);
    expect(await history(trace, 'core', 'en')).toEqual(['1 call', '? lost', '0 call']);
  });

  it('may belong to one on another task, or to one of another function, that is yet to come', async () => {
    for (const fn of [PLAIN, VF2]) {
      const trace = write(started(), 0);
      trace.task = 'sh-200';
      returnOf(trace, fn);
      expect(await behind(trace)).toBe(false);
      expect((await history(trace, 'core', 'en')).slice(0, 2)).toEqual(['1 call', '? lost']);
    }
  });

  it('is a disable that began before the recording: the page shift of the core stays', async () => {
    const trace = plain(recorded(ALL), 13).enable(PLAIN, 13, 0, { vf: 0 });
    returnOf(write(trace, 1), PLAIN);
    expect(await history(trace, 'core', 'en')).toEqual(['1 call', '? lost', '0 call']);
    expect(await history(trace, 'core', 'stu')).toEqual(['13 observed']);
  });

  it('ATS019: is an enable of a function that was not prepared', async () => {
    const trace = recorded(['prepare', 'disable', 'restore']).appear(PLAIN);
    write(trace, 0x8000).enable(PLAIN, 12, 0, { vf: 0, noEntry: true });
    const labels = labelsOf(await analyzeBytes({ 'trace.txt': trace.text() }));
    expect(labels).toContain(`ATS019@${PLAIN}`);
  });

  it('does not belong to one before it, nor does it hide the next', async () => {
    const before = write(returnOf(started(), PLAIN), 0);
    expect(await history(before, 'core', 'en')).toEqual(['1 call', '0 call', '? lost']);
    const again = returnOf(started(), PLAIN).enable(PLAIN, 12, 0, { vf: 0 });
    expect(await history(returnOf(write(again, 0), PLAIN), 'core', 'en')).toEqual([
      '1 call',
      '0 call',
      '1 call',
      '? lost',
      '0 call',
    ]);
  });

  it('shows where the register is, and that of the right function', async () => {
    const noCap = { cap: null } as const;
    const made = (fn: string) => {
      const trace = recorded(['prepare', 'enable', 'restore']).supported(PLAIN, 1, { vf: 0 });
      returnOf(trace, VF);
      returnOf(write(trace, 0, { ...noCap, where: 0x206 }), fn);
      returnOf(trace, VF);
      return write(trace, 0x8000, { ...noCap, where: 0x206, user: true });
    };
    expect(await behind(made(PLAIN))).toBe(true);
    expect(await behind(made(VF2))).toBe(false);
  });
});

describe('where the register is', () => {
  const within = (inside: (trace: TraceWriter) => void) => {
    const trace = new TraceWriter().supported(PLAIN, 1, { vf: 0 });
    trace.enable(PLAIN, 12, 0, { vf: 0, inside: () => inside(trace) });
    return trace;
  };
  const later = (trace: TraceWriter, where: number) => write(trace, 0, { cap: null, user: true, where });

  it('is shown by the word that a call of the core writes', async () => {
    const known = () => within((trace) => write(trace, 0x8000, { cap: null, where: 0x206 }));
    expect(await behind(later(known(), 0x206))).toBe(true);
    expect(await behind(later(known(), 0x208))).toBe(false);
  });

  it.each<[string, Access]>([
    ['a byte', { bits: 'byte' }],
    ['a dword', { bits: 'dword' }],
    ['user space', { user: true }],
  ])('is not shown by %s', async (_what, access) => {
    const trace = within((t) => write(t, 0x8000, { cap: null, where: 0x206, ...access }));
    expect(await behind(later(trace, 0x206))).toBe(false);
  });

  it('is not in front of the extended capabilities', async () => {
    for (const [where, expected] of [
      [0x06, false],
      [0x104, false],
      [0x106, true],
    ] as const) {
      const trace = within((t) => write(t, 0x8000, { cap: null, where }));
      expect(await behind(later(trace, where))).toBe(expected);
    }
  });

  it('is not taken from a write when an event has printed it', async () => {
    const trace = new TraceWriter().supported(PLAIN, 1, { vf: 0, cap: '0x100' });
    trace.enable(PLAIN, 12, 0, { vf: 0, inside: () => write(trace, 0x8000, { cap: null, where: 0x206 }) });
    expect(await behind(later(trace, 0x106))).toBe(true);
  });

  it('is not shown by what is written outside of all calls', async () => {
    const trace = write(
      within(() => {}),
      0x8000,
      { cap: null, where: 0x206 },
    );
    expect(await behind(later(trace, 0x206))).toBe(false);
  });
});

describe('where SR-IOV Control is', () => {
  const NUM_VFS = 0x120;
  const CONTROL = 0x118;
  type Step = readonly [value: number, access: Access];
  const numVfs: Step = [1, { fn: PF, where: NUM_VFS }];
  const control: Step = [0x9, { fn: PF, where: CONTROL }];

  /** VF Enable is cleared after SR-IOV was switched on so; the VF loses Enable where the register is known. */
  async function cleared(steps: readonly Step[], symbol = 'sriov_enable', place = CONTROL): Promise<boolean> {
    const trace = readyPf(new TraceWriter());
    trace.call(symbol, PF, {
      ret: 0,
      inside: () => {
        for (const [value, access] of steps) write(trace, value, access);
        liveVf(trace);
      },
    });
    write(trace, 0x8, { fn: PF, where: place, user: true }).wait(1500).supported(PLAIN, 1, { vf: 0 });
    return labelsOf(await analyzeBytes({ 'trace.txt': trace.text() })).includes(`ATS024@${VF}`);
  }

  it('is shown by NumVFs and VF Enable, written as words', async () => {
    expect(await cleared([numVfs, control])).toBe(true);
    expect(await cleared([numVfs, [0x9, { ...control[1], bits: 'dword' }]])).toBe(false);
    expect(await cleared([[1, { ...numVfs[1], bits: 'dword' }], control])).toBe(false);
    expect(await cleared([numVfs, [0x8, control[1]]])).toBe(false);
    expect(await cleared([control, numVfs])).toBe(false);
  });

  it('is not shown by such words elsewhere', async () => {
    expect(await cleared([numVfs, control], 'pci_reset_function')).toBe(false);
    const outside = write(write(readyPf(new TraceWriter()), ...numVfs), ...control);
    liveVf(outside);
    write(outside, 0x8, { fn: PF, where: CONTROL, user: true }).wait(1500).supported(PLAIN, 1, { vf: 0 });
    expect(labelsOf(await analyzeBytes({ 'trace.txt': outside.text() }))).not.toContain(`ATS024@${VF}`);
  });

  it('stays where it was found', async () => {
    const others: Step[] = [
      [1, { fn: PF, where: 0x220 }],
      [0x9, { fn: PF, where: 0x218 }],
    ];
    expect(await cleared([numVfs, control, ...others])).toBe(true);
    expect(await cleared([numVfs, control, ...others], 'sriov_enable', 0x218)).toBe(false);
  });
});

describe('what an access tells of the register', () => {
  it('is only what it touches', async () => {
    const trace = plain(recorded(ALL), 13).enable(PLAIN, 13, 0, { vf: 0 });
    write(trace, 0x80, { where: 0x107, bits: 'byte', user: true });
    write(trace, 0x02, { bits: 'byte', user: true });
    write(trace, 0x00030000, { where: 0x104, bits: 'dword', user: true });
    expect(await history(trace, 'hw', 'stu')).toEqual(['1 call', '2 write', '3 write']);
    expect(await history(trace, 'hw', 'en')).toEqual(['1 call', '0 write']);
  });

  it('is nothing when the device is gone', async () => {
    const gone = ['byte', 'word', 'dword'] as const;
    const ones = { byte: 0xff, word: 0xffff, dword: 0xffffffff };
    for (const bits of gone) {
      const trace = read(plain(recorded(ALL), 12), ones[bits], {
        bits,
        where: bits === 'dword' ? 0x104 : 0x106,
      });
      expect(await history(trace, 'hw', 'stu')).toEqual([]);
      expect(await history(trace, 'hw', 'en')).toEqual([]);
    }
    const there = read(plain(recorded(ALL), 12), 0x8001ffff, { bits: 'dword', where: 0x104 });
    expect(await history(there, 'hw', 'en')).toEqual(['1 observed']);
    expect(await history(there, 'hw', 'stu')).toEqual(['1 observed']);
  });

  it('is no STU of a VF', async () => {
    const trace = recorded(ALL).supported(VF, 1, { vf: 1, cap: '0x100' });
    write(trace, 0x8003, { fn: VF, user: true });
    expect(await history(trace, 'hw', 'stu', VF)).toEqual([]);
    expect(await history(trace, 'hw', 'en', VF)).toEqual(['1 write']);
  });
});

describe('what a write of the core whose call is not recorded tells of the core', () => {
  const unseen = (calls: readonly Call[], value: number, access: Access = {}) =>
    write(plain(recorded(calls)), value, access);

  it('sets Enable and the page shift', async () => {
    const trace = unseen(['prepare', 'disable', 'restore'], 0x8002);
    expect(await history(trace, 'core', 'en')).toEqual(['1 learned']);
    expect(await history(trace, 'core', 'stu')).toEqual(['14 learned']);
  });

  it('is told by a write at the register of which the width is not recorded', async () => {
    const trace = plain(recorded(['prepare', 'disable', 'restore']));
    trace.event('pci_write_config_word', `where=0x106 val=0x8002 cap=0x100 bdf="${PLAIN}"`);
    expect(await history(trace, 'core', 'en')).toEqual(['1 learned']);
  });

  it('clears Enable, and sets the page shift where it may have been a prepare', async () => {
    const prepare = unseen(['enable', 'disable', 'restore'], 0x0002);
    expect(await history(prepare, 'core', 'en')).toEqual(['0 learned']);
    expect(await history(prepare, 'core', 'stu')).toEqual(['14 learned']);
    const disable = unseen(['prepare', 'enable', 'restore'], 0x0002);
    expect(await history(disable, 'core', 'en')).toEqual(['0 learned']);
    expect(await history(disable, 'core', 'stu')).toEqual([]);
  });

  it('leaves nothing that depends on the page shift of a PF that may have been prepared so', async () => {
    const told = async (calls: readonly Call[]) => {
      const trace = recorded(calls).appear(PF).supported(PF, 1, { vf: 0, pf: 1, cap: '0x100' });
      write(trace, 0x0000, { fn: PF });
      return history(trace, 'core', 'stu', PF);
    };
    expect(await told(['enable', 'disable', 'restore'])).toEqual(['0 observed', '12 learned']);
    expect(await told(['prepare', 'enable', 'restore'])).toEqual(['0 call']);
  });

  it('is nothing of a VF but Enable', async () => {
    const trace = recorded(['prepare', 'disable', 'restore']).supported(VF, 1, { vf: 1, cap: '0x100' });
    write(trace, 0x8002, { fn: VF });
    expect(await history(trace, 'core', 'en', VF)).toEqual(['1 learned']);
    expect(await history(trace, 'core', 'stu', VF)).toEqual([]);
  });

  it.each<[string, readonly Call[], number, Access]>([
    ['user space writes', ['prepare', 'disable', 'restore'], 0x8002, { user: true }],
    ['a byte is written', ['prepare', 'disable', 'restore'], 0x80, { bits: 'byte', where: 0x107 }],
    ['the lower byte is written', ['prepare', 'disable', 'restore'], 0x02, { bits: 'byte' }],
    ['a word is written in front of it', ['prepare', 'disable', 'restore'], 0x0200, { where: 0x105 }],
    ['a word is written behind its first byte', ['prepare', 'disable', 'restore'], 0x80, { where: 0x107 }],
    ['a dword is written', ['prepare', 'disable', 'restore'], 0x80020000, { bits: 'dword', where: 0x104 }],
    ['all calls would be seen', ALL, 0x8002, {}],
    ['a call that may have written it is recorded in full', ['prepare', 'enable', 'restore'], 0x8002, {}],
  ])('is nothing when %s', async (_what, calls, value, access) => {
    expect(await history(unseen(calls, value, access), 'core', 'en')).toEqual([]);
  });

  it('is left to the call itself where its entry is recorded', async () => {
    const trace = plain(recorded(['prepare']), 12);
    trace.enable(PLAIN, 12, -22, { vf: 0, inside: () => write(trace, 0x8000) });
    expect(await history(trace, 'core', 'en')).toEqual([]);
  });
});

describe('a restore of a core of which nothing was known', () => {
  const restored = (inside: (trace: TraceWriter) => void, vf = 0, fn = PLAIN) => {
    const trace = write(recorded(ALL), 6, { fn: VF2, where: 0x4 }).supported(fn, 1, { vf, cap: '0x100' });
    trace.call('pci_restore_ats_state', fn, { vf, inside: () => inside(trace) });
    return trace;
  };

  it('shows by a write that the core has ATS on, and with what page shift', async () => {
    const trace = restored((t) => write(t, 0x8002));
    expect(await history(trace, 'core', 'en')).toEqual(['1 learned']);
    expect(await history(trace, 'core', 'stu')).toEqual(['14 learned']);
  });

  it('shows by none that it has it off', async () => {
    expect(
      await history(
        restored(() => {}),
        'core',
        'en',
      ),
    ).toEqual(['0 learned']);
  });

  it('shows nothing by a write that does not set Enable, or that is no write of Enable', async () => {
    expect(
      await history(
        restored((t) => write(t, 0x0002)),
        'core',
        'en',
      ),
    ).toEqual([]);
    const byte = restored((t) => write(t, 0x02, { bits: 'byte' }));
    expect(await history(byte, 'core', 'en')).toEqual([]);
  });

  it('shows no page shift of a VF, nor where the write has none', async () => {
    const trace = restored((t) => write(t, 0x8002, { fn: VF }), 1, VF);
    expect(await history(trace, 'core', 'en', VF)).toEqual(['1 learned']);
    expect(await history(trace, 'core', 'stu', VF)).toEqual([]);
    const byte = restored((t) => write(t, 0x80, { bits: 'byte', where: 0x107 }));
    expect(await history(byte, 'core', 'en')).toEqual(['1 learned']);
    expect(await history(byte, 'core', 'stu')).toEqual([]);
  });

  it('changes nothing that was known', async () => {
    const trace = plain(recorded(ALL), 12).disable(PLAIN, { vf: 0 });
    trace.call('pci_restore_ats_state', PLAIN, { vf: 0, inside: () => write(trace, 0x8002) });
    expect(await history(trace, 'core', 'en')).toEqual(['0 call']);
    expect(await history(trace, 'core', 'stu')).toEqual(['12 observed']);
    const on = write(plain(recorded(ALL), 12), 6, { fn: VF2, where: 0x4 }).enable(PLAIN, 12, 0, { vf: 0 });
    on.call('pci_restore_ats_state', PLAIN, { vf: 0 });
    expect(await history(on, 'core', 'en')).toEqual(['1 call']);
  });

  it('shows nothing where writes are not recorded', async () => {
    const trace = plain(recorded(ALL)).call('pci_restore_ats_state', PLAIN, { vf: 0 });
    expect(await history(trace, 'core', 'en')).toEqual([]);
  });

  it('shows nothing where events were lost in it', async () => {
    const trace = restored((t) => write(t.raw('CPU:0 [LOST 3 EVENTS]'), 6, { fn: VF2, where: 0x4 }));
    expect((await history(trace, 'core', 'en')).includes('0 learned')).toBe(false);
  });
});
