import type { TraceWriter } from '../support/trace-writer.ts';

export const PF = '0000:01:00.0';
export const VF = '0000:01:00.1';
export const VF2 = '0000:01:00.2';
export const PLAIN = '0000:02:00.0';
const MODULE = 'inject+0x1e/0x1000 [atslab]';

/** A story that trips a rule on a function, and one as close to it as can be that must not. */
export interface RuleCase {
  readonly rule: string;
  readonly what: string;
  readonly fn: string | null;
  readonly severity: 'error' | 'warning' | 'note';
  trips(trace: TraceWriter): TraceWriter;
  nearMiss(trace: TraceWriter): TraceWriter;
  /** ATS event log given in place of the trace. */
  readonly bench?: { readonly trips: string; readonly nearMiss: string };
  /** Kernel log given beside the trace. */
  readonly log?: { readonly trips: string; readonly nearMiss: string };
  readonly profile?: string;
}

const on = { en: [0, 1] as [number, number] };
const pfState = { vf: 0, pf: 1, cap: '0x100' };
const vfState = { vf: 1, pf: 0, cap: '0x100' };

/** A write to ATS Control on a kernel that cannot print the capability. */
function bareWrite(trace: TraceWriter, value: number): TraceWriter {
  return trace.event(
    'cfg',
    `(pci_write_config_word+0x4/0x40) where=0x106 val=0x${value.toString(16)} bdf="${PLAIN}"`,
  );
}

function bareEnable(trace: TraceWriter): TraceWriter {
  return trace.enable(PLAIN, 12, 0, { vf: 0, inside: () => bareWrite(trace, 0x8000) });
}

/** PASID and ATS on, and a reset whose bracket takes ATS off and on again; the restore comes last. */
function pasidReset(trace: TraceWriter, inAttach: () => void): TraceWriter {
  trace
    .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })
    .enable(PF, 12, 0, { ...pfState, ...on });
  return trace.call('pci_reset_function', PF, {
    ret: 0,
    inside: () => {
      trace.call('pcie_flr', PF, {
        ret: 0,
        inside: () => {
          trace.call('pci_dev_reset_iommu_prepare', PF, {
            ret: 0,
            inside: () => trace.disable(PF, { ...pfState, en: [1, 0] }),
          });
          trace.call('pci_dev_reset_iommu_done', PF, {
            inside: () => {
              inAttach();
              trace.enable(PF, 12, 0, { ...pfState, ...on });
            },
          });
        },
      });
      trace.call('pci_restore_pasid_state', PF).call('pci_restore_ats_state', PF, { ...pfState, en: [1, 1] });
    },
  });
}

/** PRI and ATS on, and ATS off again. */
function priLeftOn(trace: TraceWriter): TraceWriter {
  return trace
    .supported(PF, 1, { ...pfState, en: [0, 0] })
    .call('pci_enable_pri', PF, { ret: 0 })
    .enable(PF, 12, 0, { ...pfState, ...on })
    .disable(PF, { ...pfState, en: [1, 0] });
}

/** A PF is prepared and not enabled, it is reset, and a VF of it is enabled. */
function resetPrepared(trace: TraceWriter, ps: number, after: () => void): TraceWriter {
  trace.appear(PF).prepare(PF, ps, 0, { ...pfState, en: [0, 0], stu: [0, ps] });
  reset(trace, PF, () => trace.call('pci_restore_ats_state', PF, { ...pfState, en: [0, 0] }));
  after();
  return trace.addVf(PF, VF, 0, () =>
    trace.supported(VF, 1, vfState).enable(VF, ps, 0, { ...vfState, ...on }),
  );
}

function smmuInvalidation(trace: TraceWriter): TraceWriter {
  return trace
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .disable(PLAIN, { vf: 0, en: [1, 0] })
    .wait(50)
    .call('arm_smmu_atc_inv_master', PLAIN, { ret: 0 });
}

/** A PF that appears and is prepared and enabled with a page shift. */
function readyPf(trace: TraceWriter, ps = 12): TraceWriter {
  return trace
    .appear(PF)
    .supported(PF, 1, pfState)
    .prepare(PF, ps, 0, { ...pfState, en: [0, 0], stu: [0, ps] })
    .enable(PF, ps, 0, { ...pfState, ...on, stu: [ps, ps] });
}

/** A VF that appears under a ready PF, prepared and enabled with a page shift. */
function liveVf(trace: TraceWriter, ps = 12, vf = VF, index = 0): TraceWriter {
  return trace.addVf(PF, vf, index, () => {
    trace
      .supported(vf, 1, vfState)
      .prepare(vf, ps, 0, vfState)
      .enable(vf, ps, 0, { ...vfState, ...on });
  });
}

function reset(trace: TraceWriter, fn: string, inside: () => void): TraceWriter {
  return trace.call('pci_reset_function', fn, {
    ret: 0,
    caller: 'reset_store+0x5d/0xb0',
    inside: () => {
      trace.call('pcie_flr', fn, { ret: 0, caller: '__pci_reset_function_locked+0x69/0x150' });
      inside();
    },
  });
}

/** qw0 of a device-TLB invalidation descriptor for 02:00.0, and for 03:00.0. */
const INVALIDATE_PLAIN = 'dev_tlb_inv dmar0: 0x20000000003 0x7ffffffffffff001 0x0 0x0';
const INVALIDATE_OTHER = 'dev_tlb_inv dmar0: 0x30000000003 0x7ffffffffffff001 0x0 0x0';

function probe(trace: TraceWriter, fn: string, result: string, inside: () => void): TraceWriter {
  return trace.call('intel_iommu_probe_device', fn, {
    ret: result,
    caller: 'iommu_init_device+0xb7/0x310',
    inside,
  });
}

/** ATS goes off and on, and a hot-plug port loses its link. */
function lostLink(trace: TraceWriter): TraceWriter {
  return trace
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .disable(PLAIN, { vf: 0, en: [1, 0] })
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .event('pci_hp_event', '0000:00:02.0 slot:1, event:LINK_DOWN');
}

/** ATS goes off, and Advanced Error Reporting tells of an error of the function. */
function aerAfterDisable(trace: TraceWriter, error: string): TraceWriter {
  return trace
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .disable(PLAIN, { vf: 0, en: [1, 0] })
    .event('aer_event', `${PLAIN} PCIe Bus Error: severity=Fatal, ${error}, TLP Header=Not available`);
}

/** The log of a story whose first event is that a device is added to a group, and of a use of freed memory later. */
function kasanIn(symbol: string): string {
  const lines = [
    '='.repeat(66),
    `BUG: KASAN: slab-use-after-free in ${symbol}+0x5c/0xb0`,
    'CPU: 1 UID: 0 PID: 100 Comm: sh Not tainted 7.2.13 #1',
    'Call Trace:',
    ' <TASK>',
    ' kernfs_fop_write_iter+0x114/0x1b0',
    ' </TASK>',
    '='.repeat(66),
  ];
  const report = lines.map((line) => `[    1.500000] ${line}\n`).join('');
  return `[    1.000100] pci ${PF}: Adding to iommu group 9\n${report}`;
}

function refused(trace: TraceWriter): TraceWriter {
  trace.event('add_device_to_group', `IOMMU: groupID=9 device=${PF}`);
  return probe(trace, PLAIN, '0xffffffffffffffea', () => {});
}

/** A VF is disabled; the return probe does not know by whom, and the entry comes with its stack. */
function stackedDisable(trace: TraceWriter, ...frames: string[]): TraceWriter {
  return liveVf(readyPf(trace)).disable(VF, {
    ...vfState,
    en: [1, 0],
    caller: "[unknown/kretprobe'd]",
    inside: () => {
      trace.event('<stack trace>', '');
      for (const frame of frames) trace.raw(` => ${frame}`);
    },
  });
}

/** Another function is disabled: such calls are recorded. */
function knownDisable(trace: TraceWriter): TraceWriter {
  return trace.enable(VF2, 12, 0, { ...vfState, ...on }).disable(VF2, { ...vfState, en: [1, 0] });
}

/** ATS of a function is restored, which writes this to ATS Control; null for nothing. No event prints `ats_enabled`. */
function restored(trace: TraceWriter, value: number | null, withLoss = false): TraceWriter {
  return knownDisable(trace)
    .write(PF, 0x4, 6)
    .call('pci_restore_ats_state', PLAIN, {
      vf: 0,
      cap: '0x100',
      inside: () => {
        if (withLoss) trace.raw('CPU:0 [LOST 3 EVENTS]').write(PF, 0x4, 6);
        if (value !== null) trace.write(PLAIN, 0x106, value);
      },
    });
}

function bracket(trace: TraceWriter, fn: string): TraceWriter {
  return trace.call('pci_dev_reset_iommu_prepare', fn, { ret: 0 }).call('pci_dev_reset_iommu_done', fn);
}

function attach(trace: TraceWriter, fn: string, type: string): TraceWriter {
  return trace.call('__iommu_attach_device', fn, { ret: 0, args: { domain: '0xff2b58cac18046a0', type } });
}

function tags(trace: TraceWriter, ...steps: string[]): TraceWriter {
  trace.appear(PLAIN).enable(PLAIN, 12, 0, { vf: 0, ...on });
  for (const step of steps) {
    const [what, users] = step.split(' ');
    trace.event(`cache_tag_${what}`, `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref ${users}`);
  }
  return trace;
}

const WARN_LINE = (at: string, fn: string, pid: number) =>
  `[${at}] WARNING: CPU: 0 PID: ${pid} at drivers/pci/ats.c:132 ${fn}+0x8a/0xa0\n` +
  `[${at}] CPU: 0 UID: 0 PID: ${pid} Comm: sh Not tainted 6.12.107+deb12-amd64 #1\n` +
  `[${at}] ---[ end trace 0000000000000000 ]---\n`;

export const RULE_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS001',
    what: 'the support test of a VF answers true although its PF has no capability',
    fn: VF,
    severity: 'warning',
    trips: (t) => t.appear(PF, { cap: '0x0' }).addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
    nearMiss: (t) =>
      t
        .appear(PF, { cap: '0x100' })
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
  },
  {
    rule: 'ATS001',
    what: 'the PF is untrusted; near miss: the VF is refused',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 0, { ...pfState, args: { untrusted: 1 } })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState)),
    nearMiss: (t) =>
      t
        .appear(PF)
        .supported(PF, 0, { ...pfState, args: { untrusted: 1 } })
        .addVf(PF, VF, 0, () => t.supported(VF, 0, vfState)),
  },
  {
    rule: 'ATS002',
    what: 'a VF is enabled after its PF lost its capability; near miss: the PF keeps it',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t)
        .supported(PF, 0, { vf: 0, pf: 1, cap: '0x0' })
        .addVf(PF, VF, 0, () =>
          t
            .supported(VF, 1, vfState)
            .prepare(VF, 12, 0, vfState)
            .enable(VF, 12, 0, { ...vfState, ...on }),
        ),
    nearMiss: (t) => liveVf(readyPf(t)),
  },
  {
    rule: 'ATS003',
    what: 'prepare of a VF accepts another page shift',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t, 12).addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).prepare(VF, 13, 0, vfState)),
    nearMiss: (t) =>
      readyPf(t, 13).addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).prepare(VF, 13, 0, vfState)),
  },
  {
    rule: 'ATS003',
    what: 'the kernel refuses it and nothing else explains that; near miss: whether the VF supports ATS is unknown',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t.addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).prepare(VF, 14, -22, { ...vfState, en: [0, 0] })),
    nearMiss: (t) => t.addVf(PF, VF, 0, () => t.prepare(VF, 14, -22, { ...vfState, en: [0, 0] })),
  },
  {
    rule: 'ATS003',
    what: 'the PF was never prepared; near miss: the PF is being prepared on another task',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.prepare(VF, 12, 0, vfState)),
    nearMiss: (t) => {
      t.appear(PF).supported(PF, 1, pfState);
      t.task = 'kworker/1:0-55';
      t.cpu = 1;
      t.event('pci_prepare_ats', `(pci_prepare_ats+0x4/0x70) ps=12 vf=0 pf=1 en=0 bdf="${PF}"`);
      t.task = 'sh-100';
      t.cpu = 0;
      t.addVf(PF, VF, 0, () => t.prepare(VF, 12, 0, vfState));
      t.task = 'kworker/1:0-55';
      t.cpu = 1;
      return t.event(
        'pci_prepare_ats_ret',
        `(intel_iommu_probe_device+0x4d9/0x8e0 <- pci_prepare_ats) ps=12 ret=0 vf=0 pf=1 en=0 bdf="${PF}"`,
      );
    },
  },
  {
    rule: 'ATS004',
    what: 'enable of a VF is refused because the PF holds another page shift',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      readyPf(t).addVf(PF, VF, 0, () =>
        t.supported(VF, 0, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] }),
      ),
  },
  {
    rule: 'ATS004',
    what: 'the return names no device, the entry of the call does; near miss: neither does',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .supported(VF, 1, vfState)
        .event('e', `(pci_enable_ats+0x4/0xa0) ps=13 en=0 bdf="${VF}"`)
        .event('r', '(iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ret=-22'),
    nearMiss: (t) =>
      t
        .supported(VF, 1, vfState)
        .event('e', '(pci_enable_ats+0x4/0xa0) ps=13 en=0')
        .event('r', '(iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ret=-22'),
  },
  {
    rule: 'ATS005',
    what: 'a VF is enabled before its PF was prepared; near miss: the PF appeared before the recording',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      t
        .appear(PF)
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.call('pci_enable_ats', VF, { ...vfState, ps: 12, noReturn: true })),
    nearMiss: (t) =>
      t
        .supported(PF, 1, pfState)
        .addVf(PF, VF, 0, () => t.call('pci_enable_ats', VF, { ...vfState, ps: 12, noReturn: true })),
  },
  {
    rule: 'ATS006',
    what: 'a PF is prepared again with another page shift under a live VF; near miss: with the same',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 12, 0, { ...pfState, en: [0, 0] }),
  },
  {
    rule: 'ATS006',
    what: 'enable changes it; near miss: the VF was switched off before',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .enable(PF, 14, 0, { ...pfState, ...on }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(VF, { ...vfState, en: [1, 0] })
        .disable(PF, { ...pfState, en: [1, 0] })
        .enable(PF, 14, 0, { ...pfState, ...on }),
  },
  {
    rule: 'ATS007',
    what: 'a VF reads a non-zero STU; near miss: a PF does',
    fn: VF,
    severity: 'warning',
    trips: (t) => {
      liveVf(readyPf(t));
      return t.event(
        'rd',
        `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x8001 cap=0x100 vf=1 bdf="${VF}"`,
      );
    },
    nearMiss: (t) =>
      readyPf(t, 13).event(
        'rd',
        `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x8001 cap=0x100 vf=0 bdf="${PF}"`,
      ),
  },
  {
    rule: 'ATS008',
    what: 'a PF is switched off while a VF is on; near miss: the VF is off',
    fn: PF,
    severity: 'note',
    trips: (t) => liveVf(readyPf(t)).disable(PF, { ...pfState, en: [1, 0] }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(VF, { ...vfState, en: [1, 0] })
        .disable(PF, { ...pfState, en: [1, 0] }),
  },
  {
    rule: 'ATS009',
    what: 'prepare with 11; near miss: with 12',
    fn: PF,
    severity: 'error',
    trips: (t) => t.supported(PF, 1, pfState).prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.supported(PF, 1, pfState).prepare(PF, 12, 0, { ...pfState, en: [0, 0] }),
  },
  {
    rule: 'ATS009',
    what: 'enable with a size instead of a shift, as a negative number; near miss: ATS is on, so the kernel answers -EBUSY first',
    fn: PF,
    severity: 'error',
    trips: (t) => t.supported(PF, 1, pfState).enable(PF, -4096, -22, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.supported(PF, 1, pfState).enable(PF, 0, -16, { ...pfState, en: [1, 1] }),
  },
  {
    rule: 'ATS010',
    what: 'page shift 44 is accepted; near miss: 43',
    fn: PF,
    severity: 'error',
    trips: (t) => t.prepare(PF, 44, 0, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.prepare(PF, 43, 0, { ...pfState, en: [0, 0] }),
  },
  {
    rule: 'ATS011',
    what: 'prepared with 12, enabled with 14; near miss: prepared again with 14 in between',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => t.prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] }).enable(PLAIN, 14, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] })
        .prepare(PLAIN, 14, 0, { vf: 0, en: [0, 0] })
        .enable(PLAIN, 14, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS012',
    what: 'user space writes another STU while a VF runs; near miss: while nothing runs',
    fn: PF,
    severity: 'error',
    trips: (t) => liveVf(readyPf(t)).write(PF, 0x106, 0x8001, '0x100', true),
    nearMiss: (t) => t.prepare(PF, 12, 0, { ...pfState, en: [0, 0] }).write(PF, 0x106, 0x0001, '0x100', true),
  },
  {
    rule: 'ATS012',
    what: 'a PF that is prepared only loses its STU in a reset, and a VF is enabled; near miss: 4 KiB, which is what a reset leaves',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) => resetPrepared(t, 12, () => {}),
  },
  {
    rule: 'ATS012',
    what: 'near miss: it is prepared again',
    fn: PF,
    severity: 'warning',
    trips: (t) => resetPrepared(t, 14, () => {}),
    nearMiss: (t) =>
      resetPrepared(t, 14, () => t.prepare(PF, 14, 0, { ...pfState, en: [0, 0], stu: [14, 14] })),
  },
  {
    rule: 'ATS013',
    what: 'enable while on returns -EBUSY; near miss: after a disable',
    fn: PF,
    severity: 'error',
    trips: (t) => readyPf(t).enable(PF, 12, -16, { ...pfState, en: [1, 1] }),
    nearMiss: (t) =>
      readyPf(t)
        .disable(PF, { ...pfState, en: [1, 0] })
        .enable(PF, 12, 0, { ...pfState, ...on }),
  },
  {
    rule: 'ATS014',
    what: 'prepare while on returns -EBUSY; near miss: prepare before enable',
    fn: PF,
    severity: 'error',
    trips: (t) => readyPf(t).prepare(PF, 12, -16, { ...pfState, en: [1, 1] }),
    nearMiss: (t) => readyPf(t),
  },
  {
    rule: 'ATS015',
    what: 'disable while off, seen in the argument; near miss: disable while on',
    fn: PF,
    severity: 'error',
    trips: (t) => t.disable(PF, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.disable(PF, { ...pfState, en: [1, 0] }),
  },
  {
    rule: 'ATS015',
    what: 'disable twice without arguments that show it; near miss: state unknown before',
    fn: PF,
    severity: 'error',
    trips: (t) => readyPf(t).disable(PF).disable(PF),
    nearMiss: (t) => t.disable(PF),
  },
  {
    rule: 'ATS015',
    what: 'the log has the WARN of an unknown state; near miss: the WARN is in another function',
    fn: PF,
    severity: 'error',
    trips: (t) => t.disable(PF),
    nearMiss: (t) => t.disable(PF),
    log: {
      trips: WARN_LINE('    1.000150', 'pci_disable_ats', 100),
      nearMiss: WARN_LINE('    1.000150', 'pci_disable_pri', 100),
    },
  },
  {
    rule: 'ATS015',
    what: 'the log alone has the WARN; near miss: a WARN elsewhere',
    fn: null,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips: WARN_LINE('    1.000150', 'pci_disable_ats', 100),
      nearMiss: WARN_LINE('    1.000150', 'pci_restore_state', 100),
    },
  },
  {
    rule: 'ATS016',
    what: 'SMMUv3 goes on after a failed enable; near miss: the same from VT-d',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0 })
        .enable(PLAIN, 11, -22, { vf: 0, en: [0, 0], caller: 'arm_smmu_attach_commit+0x8c/0x150' }),
    nearMiss: (t) => t.supported(PLAIN, 1, { vf: 0 }).enable(PLAIN, 11, -22, { vf: 0, en: [0, 0] }),
  },
  {
    rule: 'ATS016',
    what: 'VT-d assigns a device-TLB tag while ATS is off; near miss: an IOTLB tag',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0 })
        .enable(PLAIN, 11, -22, { vf: 0, en: [0, 0] })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`),
    nearMiss: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0 })
        .enable(PLAIN, 11, -22, { vf: 0, en: [0, 0] })
        .event('cache_tag_assign', 'dmar0/dmar0 type iotlb did 9 pasid 0 ref 1'),
  },
  {
    rule: 'ATS016',
    what: 'near miss: the enable was recorded with a pointer only, and the tag with a name',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .enable('0000:09:00.0', 12, 0)
        .appear(PLAIN)
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .event('e', '(pci_enable_ats+0x4/0xa0) dev=0xff11000003568000 ps=12')
        .event('r', '(iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats) ret=0')
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`),
  },
  {
    rule: 'ATS016',
    what: 'the line of the SMMUv3 driver is all there is; near miss: another failure of it',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips: `[    1.000150] vfio-pci ${VF}: Failed to enable ATS (STU 16)\n`,
      nearMiss: `[    1.000150] vfio-pci ${VF}: Failed to enable PASID\n`,
    },
  },
  {
    rule: 'ATS016',
    what: 'near miss: the call is recorded, so the line tells nothing new',
    fn: VF,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t.supported(VF, 1, vfState).enable(VF, 16, -22, { ...vfState, en: [0, 0] }),
    log: {
      trips: `[    1.000150] vfio-pci ${VF}: Failed to enable ATS (STU 16)\n`,
      nearMiss: `[    1.000450] sh: nothing\n`,
    },
  },
  {
    rule: 'ATS018',
    what: 'prepare of a function without capability; near miss: of one with it',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => t.appear(PLAIN, { cap: '0x0' }).prepare(PLAIN, 12, -22, { vf: 0, en: [0, 0] }),
    nearMiss: (t) => t.appear(PLAIN).prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] }),
  },
  {
    rule: 'ATS019',
    what: 'a PF is enabled without prepare; near miss: with it',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] })
        .appear(PF)
        .enable(PF, 12, 0, { ...pfState, ...on }),
    nearMiss: (t) =>
      t
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0] })
        .appear(PF)
        .prepare(PF, 12, 0, pfState)
        .enable(PF, 12, 0, { ...pfState, ...on }),
  },
  {
    rule: 'ATS023',
    what: 'a reset loses Enable; near miss: it is restored',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () => {
        t.call('pci_restore_ats_state', PLAIN, { inside: () => t.write(PLAIN, 0x106, 0x8000) });
      }),
  },
  {
    rule: 'ATS023',
    what: 'near miss: nothing in the recording would show the restore',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' }).write(PLAIN, 0x4, 0x6), PLAIN, () => {}),
    nearMiss: (t) => reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
  },
  {
    rule: 'ATS023',
    what: 'the capability is not printed (before 6.6): what enable writes shows the register; near miss: it is restored',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => reset(bareEnable(t), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(bareEnable(t), PLAIN, () => {
        t.call('pci_restore_ats_state', PLAIN, { inside: () => bareWrite(t, 0x8000) });
      }),
  },
  {
    rule: 'ATS023',
    what: 'near miss: the restore is recorded, and of writes only those that cannot be of ATS Control',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => reset(bareEnable(t), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(
        t
          .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
          .event('cfg32', `(pci_write_config_dword+0x4/0x40) where=0x104 val=0x0 bdf="${PLAIN}"`),
        PLAIN,
        () => {
          t.call('pci_restore_ats_state', PLAIN);
        },
      ),
  },
  {
    rule: 'ATS027',
    what: 'a function is released with ATS on; near miss: it is disabled inside the release',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .enable(VF, 12, 0, { ...vfState, ...on })
        .call('intel_iommu_release_device', VF),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .enable(VF, 12, 0, { ...vfState, ...on })
        .call('intel_iommu_release_device', VF, { inside: () => t.disable(VF, { ...vfState, en: [1, 0] }) }),
  },
  {
    rule: 'ATS027',
    what: 'the link to the function went down before: only a note; near miss: it is disabled inside the release',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => lostLink(t).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) =>
      lostLink(t).call('intel_iommu_release_device', PLAIN, {
        inside: () => t.disable(PLAIN, { vf: 0, en: [1, 0] }),
      }),
  },
  {
    rule: 'ATS027',
    what: 'only a restore that wrote Enable tells that ATS is on; near miss: it wrote nothing, so ATS is off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => restored(t, 0x8000).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) => restored(t, null).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS027',
    what: 'the same; near miss: events were lost within the restore that shows no write',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => restored(t, 0x8000).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) => restored(t, null, true).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS015',
    what: 'a restore that writes nothing tells that ATS is off, and it is disabled; near miss: it wrote Enable',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => restored(t, null).disable(PLAIN, { vf: 0 }),
    nearMiss: (t) => restored(t, 0x8000).disable(PLAIN, { vf: 0 }),
  },
  {
    rule: 'ATS004',
    what: 'only the restore of the PF tells its STU; near miss: it is that of the VF',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .call('pci_restore_ats_state', PF, { ...pfState, inside: () => t.write(PF, 0x106, 0x8000) })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 13, -22, { ...vfState, en: [0, 0] })),
    nearMiss: (t) =>
      t
        .call('pci_restore_ats_state', PF, { ...pfState, inside: () => t.write(PF, 0x106, 0x8001) })
        .addVf(PF, VF, 0, () => t.supported(VF, 1, vfState).enable(VF, 13, 0, { ...vfState, en: [0, 1] })),
  },
  {
    rule: 'ATS028',
    what: 'user space clears Enable; near miss: the core does, in a disable',
    fn: VF,
    severity: 'error',
    trips: (t) => liveVf(readyPf(t)).write(VF, 0x106, 0, '0x100', true),
    nearMiss: (t) =>
      liveVf(readyPf(t)).disable(VF, { ...vfState, en: [1, 0], inside: () => t.write(VF, 0x106, 0) }),
  },
  {
    rule: 'ATS028',
    what: 'user space writes the value that is there: only a note; near miss: another register',
    fn: VF,
    severity: 'note',
    trips: (t) => liveVf(readyPf(t)).write(VF, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) => liveVf(readyPf(t)).write(VF, 0x108, 0x8000, '0x100', true),
  },
  {
    rule: 'ATS029',
    what: 'the register is on and the core off; near miss: both off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .event('iommu_probe', `(intel_iommu_probe_device+0x4/0x8e0) bdf="${PLAIN}"`)
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100' })
        .write(PLAIN, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) =>
      t
        .event('iommu_probe', `(intel_iommu_probe_device+0x4/0x8e0) bdf="${PLAIN}"`)
        .prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], cap: '0x100' })
        .write(PLAIN, 0x106, 0x0000, '0x100', true),
  },
  {
    rule: 'ATS030',
    what: 'the register is off and the core on; near miss: it is written on again by enable',
    fn: VF,
    severity: 'error',
    trips: (t) => liveVf(readyPf(t)).write(VF, 0x106, 0, '0x100', true),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(VF, { ...vfState, en: [1, 0], inside: () => t.write(VF, 0x106, 0) })
        .enable(VF, 12, 0, { ...vfState, ...on, inside: () => t.write(VF, 0x106, 0x8000) }),
  },
  {
    rule: 'ATS017',
    what: 'VT-d goes on after a failed prepare; near miss: its probe fails too',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      probe(t.supported(PF, 1, pfState), PF, '0xff2b58cac13fcd60', () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
    nearMiss: (t) =>
      probe(t.supported(PF, 1, pfState), PF, '0xffffffffffffffea', () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
  },
  {
    rule: 'ATS017',
    what: 'near miss: whether the function supports ATS is unknown, and AMD prepares every device',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      probe(t.supported(PF, 1, pfState), PF, '0xff2b58cac13fcd60', () =>
        t.prepare(PF, 11, -22, { ...pfState, en: [0, 0] }),
      ),
    nearMiss: (t) => probe(t, PF, '0xff2b58cac13fcd60', () => t.prepare(PF, 12, -22, { vf: 0, en: [0, 0] })),
  },
  {
    rule: 'ATS020',
    what: 'the support test changes its mind; near miss: the function was removed in between',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.supported(PLAIN, 1, { vf: 0 }).supported(PLAIN, 0, { vf: 0 }),
    nearMiss: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN)
        .appear(PLAIN)
        .supported(PLAIN, 0, { vf: 0 }),
  },
  {
    rule: 'ATS020',
    what: 'a quirk comes after the IOMMU probe, seen in the log; near miss: before it',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips: `[    1.000000] pci ${PLAIN}: Adding to iommu group 7\n[    1.100000] pci ${PLAIN}: disabling ATS\n`,
      nearMiss: `[    1.000000] pci ${PLAIN}: disabling ATS\n[    1.100000] pci ${PLAIN}: Adding to iommu group 7\n`,
    },
  },
  {
    rule: 'ATS021',
    what: 'the capability vanishes while ATS is on; near miss: while it is off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .call('pci_restore_state', PLAIN, { cap: '0x0' }),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .call('pci_restore_state', PLAIN, { cap: '0x0' }),
  },
  {
    rule: 'ATS021',
    what: 'disable writes PCI Status; near miss: somebody else does',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.disable(PLAIN, { vf: 0, inside: () => t.write(PLAIN, 6, 0x10, '0x0') }),
    nearMiss: (t) => t.disable(PLAIN, { vf: 0 }).write(PLAIN, 6, 0x10, '0x0'),
  },
  {
    rule: 'ATS022',
    what: 'a VF of an untrusted PF is enabled; near miss: a trusted one',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PF, 0, { ...pfState, args: { untrusted: 1 } })
        .addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
    nearMiss: (t) =>
      t
        .supported(PF, 1, { ...pfState, args: { untrusted: 0 } })
        .addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
  },
  {
    rule: 'ATS024',
    what: 'a PF is reset under a live VF and nobody restores the VF; near miss: somebody does',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      reset(liveVf(readyPf(t)).write(PF, 0x4, 6), PF, () =>
        t.call('pci_restore_ats_state', PF, { inside: () => t.write(PF, 0x106, 0x8000) }),
      )
        .wait(1500)
        .write(PF, 0x4, 6),
    nearMiss: (t) =>
      reset(liveVf(readyPf(t)).write(PF, 0x4, 6), PF, () =>
        t.call('pci_restore_ats_state', PF, { inside: () => t.write(PF, 0x106, 0x8000) }),
      )
        .call('pci_restore_ats_state', VF, { inside: () => t.write(VF, 0x106, 0x8000) })
        .wait(1500)
        .write(PF, 0x4, 6),
  },
  {
    rule: 'ATS024',
    what: 'the VF is attached again before that; near miss: the VF is switched off first',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      reset(liveVf(readyPf(t)).write(PF, 0x4, 6), PF, () => {}).call('__iommu_attach_device', VF, { ret: 0 }),
    nearMiss: (t) =>
      reset(liveVf(readyPf(t)).write(PF, 0x4, 6), PF, () => {})
        .disable(VF, { ...vfState, en: [1, 0] })
        .call('__iommu_attach_device', VF, { ret: 0 }),
  },
  {
    rule: 'ATS025',
    what: 'a reset with ATS on, a note where the kernel has no brackets; near miss: ATS is off',
    fn: PLAIN,
    severity: 'note',
    profile: '6.12-old',
    trips: (t) => reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
    nearMiss: (t) =>
      reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }).disable(PLAIN, { vf: 0, en: [1, 0] }), PLAIN, () => {}),
  },
  {
    rule: 'ATS025',
    what: 'a warning where the kernel has brackets; near miss: inside one',
    fn: PLAIN,
    severity: 'warning',
    profile: '7.2',
    trips: (t) =>
      bracket(
        reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
        PF,
      ),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, { ret: 0, inside: () => bracket(t, PLAIN) }),
  },
  {
    rule: 'ATS025',
    what: 'a bracket that leaves ATS on: a note; near miss: ATS goes off in the bracket and on again',
    fn: PLAIN,
    severity: 'note',
    profile: '7.2',
    trips: (t) =>
      knownDisable(t)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, { ret: 0, inside: () => bracket(t, PLAIN) }),
    nearMiss: (t) =>
      knownDisable(t)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('pcie_flr', PLAIN, {
          ret: 0,
          inside: () => {
            t.call('pci_dev_reset_iommu_prepare', PLAIN, {
              ret: 0,
              inside: () => t.disable(PLAIN, { vf: 0, en: [1, 0] }),
            });
            t.call('pci_dev_reset_iommu_done', PLAIN, {
              inside: () => t.enable(PLAIN, 12, 0, { vf: 0, ...on }),
            });
          },
        }),
  },
  {
    rule: 'ATS025',
    what: 'outside of a bracket; near miss: inside one, and pci_disable_ats() is not recorded',
    fn: VF,
    severity: 'warning',
    profile: '7.2',
    trips: (t) => bracket(t.enable(VF, 12, 0, { ...vfState, ...on }).call('pcie_flr', VF, { ret: 0 }), PF),
    nearMiss: (t) =>
      t
        .enable(VF, 12, 0, { ...vfState, ...on })
        .call('pcie_flr', VF, { ret: 0, inside: () => bracket(t, VF) }),
  },
  {
    rule: 'ATS026',
    what: 'a bracket is opened and never closed; near miss: closed',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      bracket(t, PF).call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 }).wait(1500).write(PF, 4, 6),
    nearMiss: (t) => bracket(bracket(t, PF), PLAIN).wait(1500).write(PF, 4, 6),
  },
  {
    rule: 'ATS026',
    what: 'closed without having been opened; near miss: the function was there before the recording',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => bracket(t, PF).appear(PLAIN).call('pci_dev_reset_iommu_done', PLAIN),
    nearMiss: (t) => bracket(t, PF).call('pci_dev_reset_iommu_done', PLAIN),
  },
  {
    rule: 'ATS031',
    what: 'PASID goes off while ATS is enabled; near miss: after ATS',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      t
        .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })
        .enable(PF, 12, 0, { ...pfState, ...on })
        .call('pci_disable_pasid', PF),
    nearMiss: (t) =>
      t
        .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })
        .enable(PF, 12, 0, { ...pfState, ...on })
        .disable(PF, { ...pfState, en: [1, 0] })
        .call('pci_disable_pasid', PF),
  },
  {
    rule: 'ATS031',
    what: 'SMMUv3 of 7.2: the re-attach of a reset bracket enables ATS, and the restore writes PASID after it; near miss: the attach enables PASID first, as AMD does',
    fn: PF,
    severity: 'warning',
    trips: (t) => pasidReset(t, () => {}),
    nearMiss: (t) =>
      pasidReset(t, () => t.call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 0 } })),
    profile: '7.2',
  },
  {
    rule: 'ATS032',
    what: 'PASID is enabled with ATS on and the register unknown; near miss: before ATS',
    fn: PF,
    severity: 'warning',
    trips: (t) => t.enable(PF, 12, 0, { ...pfState, ...on }).call('pci_enable_pasid', PF, { ret: 0 }),
    nearMiss: (t) =>
      t
        .supported(PF, 1, { ...pfState, en: [0, 0] })
        .call('pci_enable_pasid', PF, { ret: 0 })
        .enable(PF, 12, 0, { ...pfState, ...on }),
  },
  {
    rule: 'ATS033',
    what: 'PRI stays on without ATS; near miss: ATS follows',
    fn: PF,
    severity: 'warning',
    trips: (t) =>
      t
        .supported(PF, 1, { ...pfState, en: [0, 0] })
        .call('pci_enable_pri', PF, { ret: 0 })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .supported(PF, 1, { ...pfState, en: [0, 0] })
        .call('pci_enable_pri', PF, { ret: 0 })
        .enable(PF, 12, 0, { ...pfState, ...on })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS033',
    what: 'ATS goes off and PRI stays on; near miss: PRI follows, as AMD does',
    fn: PF,
    severity: 'warning',
    trips: (t) => priLeftOn(t.call('pci_disable_pri', '0000:09:00.0')).wait(1500).write(PF, 4, 6),
    nearMiss: (t) => priLeftOn(t).call('pci_disable_pri', PF).wait(1500).write(PF, 4, 6),
  },
  {
    rule: 'ATS033',
    what: 'a VF is granted PRI while its PF has it off; near miss: on',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      liveVf(readyPf(t))
        .call('pci_disable_pri', PF)
        .call('pci_enable_pri', VF, { ...vfState, ret: 0 }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .call('pci_enable_pri', PF, { ...pfState, ret: 0 })
        .call('pci_enable_pri', VF, { ...vfState, ret: 0 }),
  },
  {
    rule: 'ATS034',
    what: 'an invalidation goes to a function with ATS off; near miss: on',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(5)
        .event('qi_submit', INVALIDATE_PLAIN),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .wait(5)
        .event('qi_submit', INVALIDATE_PLAIN),
  },
  {
    rule: 'ATS034',
    what: 'SMMUv3 invalidates outside of any attach; near miss: attaches are not recorded, and it may be the one before an enable',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => smmuInvalidation(t.call('arm_smmu_attach_dev', '0000:09:00.0', { ret: 0 })),
    nearMiss: (t) => smmuInvalidation(t),
  },
  {
    rule: 'ATS034',
    what: 'near miss: inside the attach that switches ATS off',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(5)
        .event('qi_submit', INVALIDATE_PLAIN),
    nearMiss: (t) =>
      t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('arm_smmu_attach_dev', PLAIN, {
        ret: 0,
        inside: () =>
          t
            .disable(PLAIN, { vf: 0, en: [1, 0] })
            .wait(5)
            .event('qi_submit', INVALIDATE_PLAIN),
      }),
  },
  {
    rule: 'ATS035',
    what: 'ATS goes off without an invalidation; near miss: with one inside the detach',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('__iommu_attach_device', PLAIN, {
          ret: 0,
          inside: () => t.event('qi_submit', INVALIDATE_PLAIN).disable(PLAIN, { vf: 0, en: [1, 0] }),
        })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'near miss: an invalidation came, and where the detach began is not recorded',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('qi_submit', INVALIDATE_PLAIN)
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS036',
    what: 'the log has a time-out with a requester id; near miss: another queue error',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips: '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 200\n',
      nearMiss:
        '[    1.000000] DMAR: VT-d detected Invalidation Queue Error: Reason f\n[    1.1] DMAR: Invalidation Time-out Error (ITE) cleared\n',
    },
  },
  {
    rule: 'ATS036',
    what: 'SID 0: the descriptor beside it names the device; near miss: the descriptor is no device-TLB one',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips:
        '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 0\n[    1.000001] DMAR: QI HEAD: Device-TLB Invalidation qw0 = 0x20000000003, qw1 = 0x7ffffffffffff001\n',
      nearMiss:
        '[    1.000000] DMAR: VT-d detected Invalidation Time-out Error: SID 0\n[    1.000001] DMAR: QI HEAD: Invalidation Wait qw0 = 0x20000000025, qw1 = 0x100\n',
    },
  },
  {
    rule: 'ATS037',
    what: 'a fault follows a change within a second; near miss: much later',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => t.disable(PLAIN, { vf: 0, en: [0, 0] }),
    nearMiss: (t) => t.disable(PLAIN, { vf: 0, en: [0, 0] }),
    log: {
      trips: `${WARN_LINE('    1.000150', 'pci_disable_ats', 100)}[    1.300000] DMAR: [DMA Read NO_PASID] Request device [02:00.0] fault addr 0x1000 [fault reason 0x0d] PCE\n`,
      nearMiss: `${WARN_LINE('    1.000150', 'pci_disable_ats', 100)}[    9.300000] DMAR: [DMA Read NO_PASID] Request device [02:00.0] fault addr 0x1000 [fault reason 0x0d] PCE\n`,
    },
  },
  {
    rule: 'ATS037',
    what: 'the trace tells of an unsupported request after a change; near miss: of another error',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => aerAfterDisable(t, 'Unsupported Request Error'),
    nearMiss: (t) => aerAfterDisable(t, 'Completion Timeout'),
  },
  {
    rule: 'ATS038',
    what: 'a required device sits in a paging domain with ATS off; near miss: in the blocked domain',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0xb'),
    nearMiss: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0x0'),
  },
  {
    rule: 'ATS039',
    what: 'the driver counts a user too many; near miss: as many as there are',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => tags(t, 'assign 1', 'assign 2', 'unassign 2', 'unassign 2'),
    nearMiss: (t) => tags(t, 'assign 1', 'assign 2', 'unassign 2', 'unassign 1'),
  },
  {
    rule: 'ATS041',
    what: 'the driver releases a function whose probe failed; near miss: a later probe succeeded',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => probe(t, PLAIN, '0xffffffffffffffea', () => {}).call('intel_iommu_release_device', PLAIN),
    nearMiss: (t) =>
      probe(
        probe(t, PLAIN, '0xffffffffffffffea', () => {}),
        PLAIN,
        '0xff2b58cac13fcd60',
        () => {},
      ).call('intel_iommu_release_device', PLAIN),
  },
  {
    rule: 'ATS041',
    what: 'KASAN reports a use of freed memory in the driver after a failed probe; near miss: in another part of the kernel',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => refused(t),
    nearMiss: (t) => refused(t),
    log: { trips: kasanIn('device_rbtree_find'), nearMiss: kasanIn('pci_slot_release') },
  },
  {
    rule: 'ATS040',
    what: 'a module disables; near miss: the IOMMU driver does',
    fn: VF,
    severity: 'warning',
    trips: (t) => liveVf(readyPf(t)).disable(VF, { ...vfState, en: [1, 0], caller: MODULE }),
    nearMiss: (t) => liveVf(readyPf(t)).disable(VF, { ...vfState, en: [1, 0] }),
  },
  {
    rule: 'ATS040',
    what: 'an address in the module area calls; near miss: an unresolved caller',
    fn: VF,
    severity: 'warning',
    trips: (t) => liveVf(readyPf(t)).disable(VF, { ...vfState, en: [1, 0], caller: '0xffffffffc054b1fe' }),
    nearMiss: (t) =>
      liveVf(readyPf(t)).disable(VF, { ...vfState, en: [1, 0], caller: "[unknown/kretprobe'd]" }),
  },
  {
    rule: 'ATS040',
    what: 'the stack of the call names a module; near miss: a frame of the IOMMU driver stands between',
    fn: VF,
    severity: 'warning',
    trips: (t) => stackedDisable(t, 'pci_disable_ats+0x5/0xa0', 'inject_store+0x1e/0x1000 [atslab]'),
    nearMiss: (t) =>
      stackedDisable(
        t,
        'pci_disable_ats+0x5/0xa0',
        'device_block_translation+0x136/0x190',
        'inject_store+0x1e/0x1000 [atslab]',
      ),
  },
  {
    rule: 'ATS040',
    what: 'the same by a function tracer; near miss: a trampoline stands in place of the caller',
    fn: VF,
    severity: 'warning',
    trips: (t) => stackedDisable(t, '[FTRACE TRAMPOLINE]', 'pci_disable_ats', 'inject_store [atslab]'),
    nearMiss: (t) => stackedDisable(t, 'pci_disable_ats', 'arch_rethook_trampoline', 'inject_store [atslab]'),
  },
  {
    rule: 'ATS090',
    what: 'a function was there before; near miss: everything is seen from its start',
    fn: null,
    severity: 'note',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .prepare(PLAIN, 12, 0, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS091',
    what: 'a VF whose PF nobody names; near miss: the PF is named',
    fn: VF,
    severity: 'note',
    trips: (t) => t.enable(VF, 12, 0, { ...vfState, ...on }),
    nearMiss: (t) => liveVf(readyPf(t)),
  },
  {
    rule: 'ATS092',
    what: 'an address is used again without a removal; near miss: with one',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => t.appear(PLAIN).prepare(PLAIN, 12, 0, { vf: 0 }).appear(PLAIN),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .prepare(PLAIN, 12, 0, { vf: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN)
        .appear(PLAIN),
  },
  {
    rule: 'ATS093',
    what: 'enable succeeds although ATS is off for lack of a capability; near miss: it is refused',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t.appear(PLAIN, { cap: '0x0' }).supported(PLAIN, 0, { vf: 0 }).enable(PLAIN, 12, 0, { vf: 0 }),
    nearMiss: (t) =>
      t.appear(PLAIN, { cap: '0x0' }).supported(PLAIN, 0, { vf: 0 }).enable(PLAIN, 12, -22, { vf: 0 }),
  },
  {
    rule: 'ATS093',
    what: 'the core is off where the recorded calls leave it on; near miss: a loss in between',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0 })
        .disable(PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0 })
        .supported(PLAIN, 1, { vf: 0, en: [0, 0] }),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0 })
        .disable(PLAIN, { vf: 0 })
        .enable(PLAIN, 12, 0, { vf: 0 })
        .raw('CPU:0 [LOST 7 EVENTS]')
        .supported(PLAIN, 1, { vf: 0, en: [0, 0] }),
  },
  {
    rule: 'ATS094',
    what: 'an enable of a function that nothing names fails; near miss: it succeeds',
    fn: null,
    severity: 'warning',
    trips: (t) => t.enable(PLAIN, 12, -22, { unnamed: true }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { unnamed: true }),
  },
  {
    rule: 'ATS094',
    what: 'an unnamed prepare fails and the probe with it; near miss: the probe goes on, as for devices without ATS',
    fn: null,
    severity: 'warning',
    trips: (t) => probe(t, PLAIN, '0xffffffffffffffea', () => t.prepare(PLAIN, 12, -22, { unnamed: true })),
    nearMiss: (t) =>
      probe(t, PLAIN, '0xff2b58cac13fcd60', () => t.prepare(PLAIN, 12, -22, { unnamed: true })),
  },
  {
    rule: 'ATS094',
    what: 'enable of a VF fails and its PF is unknown; near miss: the shift explains it',
    fn: VF,
    severity: 'warning',
    trips: (t) => t.enable(VF, 12, -22, { vf: 1, en: [0, 0] }),
    nearMiss: (t) => t.supported(VF, 1, vfState).enable(VF, 11, -22, { ...vfState, en: [0, 0] }),
  },
  {
    rule: 'ATS038',
    what: 'the identity domain, on a VF whose PF must have ATS on; near miss: the attach fails',
    fn: VF,
    severity: 'warning',
    trips: (t) =>
      attach(
        liveVf(readyPf(t))
          .call('pci_ats_required', PF, { ...pfState, ret: 1, noEntry: true })
          .disable(VF, { ...vfState, en: [1, 0] }),
        VF,
        '0x4',
      ),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .call('pci_ats_required', PF, { ...pfState, ret: 1, noEntry: true })
        .disable(VF, { ...vfState, en: [1, 0] })
        .call('__iommu_attach_device', VF, { ret: -22, args: { type: '0x4' } }),
  },
  {
    rule: 'ATS038',
    what: 'only the outermost attach counts; near miss: ATS goes on before that is over',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
        .call('__iommu_device_set_domain', PLAIN, {
          ret: 0,
          args: { type: '0xb' },
          inside: () => attach(t, PLAIN, '0xb'),
        }),
    nearMiss: (t) =>
      t
        .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
        .call('__iommu_device_set_domain', PLAIN, {
          ret: 0,
          args: { type: '0xb' },
          inside: () => attach(t, PLAIN, '0xb').enable(PLAIN, 12, 0, { vf: 0, ...on }),
        }),
  },
  {
    rule: 'ATS038',
    what: 'near miss: the device is not required any more',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0x3'),
    nearMiss: (t) =>
      attach(
        t
          .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
          .call('pci_ats_required', PLAIN, { vf: 0, ret: 0, en: [0, 0], noEntry: true }),
        PLAIN,
        '0x3',
      ),
  },
  {
    rule: 'ATS038',
    what: 'near miss: the type of the domain is not recorded',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      attach(t.call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true }), PLAIN, '0xb'),
    nearMiss: (t) =>
      t
        .call('pci_ats_required', PLAIN, { vf: 0, ret: 1, en: [0, 0], noEntry: true })
        .call('__iommu_attach_device', PLAIN, { ret: 0 }),
  },
  {
    rule: 'ATS039',
    what: 'near miss: the function was there before the recording, and tags of other kinds do not count',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => tags(t, 'assign 3'),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 3`)
        .event('cache_tag_assign', `dmar0/${PLAIN} type iotlb did 10 pasid 0 ref 4`),
  },
  {
    rule: 'ATS013',
    what: 'the WARN of the log alone says so, the result is not recorded; near miss: no WARN',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.call('pci_enable_ats', PLAIN, { ps: 12, vf: 0 }),
    nearMiss: (t) => t.call('pci_enable_ats', PLAIN, { ps: 12, vf: 0 }),
    log: {
      trips: WARN_LINE('    1.000150', 'pci_enable_ats', 100),
      nearMiss: WARN_LINE('    1.000150', 'pci_restore_state', 100),
    },
  },
  {
    rule: 'ATS013',
    what: 'the state says so, the result is not recorded and neither is the shift; near miss: ATS is off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.call('pci_enable_ats', PLAIN, { vf: 0, en: [1, 1] }),
    nearMiss: (t) => t.call('pci_enable_ats', PLAIN, { vf: 0, en: [0, 1] }),
  },
  {
    rule: 'ATS014',
    what: 'the state says so and the result is not recorded; near miss: a kernel that WARNs for what is unsupported does',
    fn: PLAIN,
    severity: 'error',
    profile: 'amd-series',
    trips: (t) => t.call('pci_prepare_ats', PLAIN, { vf: 0, en: [1, 1] }),
    nearMiss: (t) => t.appear(PLAIN, { cap: '0x0' }).prepare(PLAIN, 12, -22, { vf: 0, en: [0, 0] }),
    log: {
      trips: WARN_LINE('    1.000150', 'pci_prepare_ats', 100),
      nearMiss: WARN_LINE('    1.000350', 'pci_prepare_ats', 100),
    },
  },
  {
    rule: 'ATS014',
    what: 'a WARN where prepare WARNs for nothing else; near miss: success',
    fn: PLAIN,
    severity: 'error',
    profile: '7.2',
    trips: (t) => t.call('pci_prepare_ats', PLAIN, { ps: 12, vf: 0 }),
    nearMiss: (t) => t.prepare(PLAIN, 12, 0, { vf: 0 }),
    log: {
      trips: WARN_LINE('    1.000150', 'pci_prepare_ats', 100),
      nearMiss: WARN_LINE('    1.000150', 'pci_restore_state', 100),
    },
  },
  {
    rule: 'ATS016',
    what: 'the frame says SMMUv3 where the caller is not named; near miss: enable succeeds there',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t.supported(PLAIN, 1, { vf: 0 }).call('arm_smmu_attach_dev', PLAIN, {
        ret: 0,
        inside: () => t.enable(PLAIN, 11, -22, { vf: 0, en: [0, 0], caller: "[unknown/kretprobe'd]" }),
      }),
    nearMiss: (t) =>
      t.supported(PLAIN, 1, { vf: 0 }).call('arm_smmu_attach_dev', PLAIN, {
        ret: 0,
        inside: () => t.enable(PLAIN, 12, 0, { vf: 0, ...on, caller: "[unknown/kretprobe'd]" }),
      }),
  },
  {
    rule: 'ATS016',
    what: 'near miss: whether enable failed is not recorded',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.enable(PLAIN, 12, -22, { vf: 0, caller: 'arm_smmu_attach_commit+0x8c/0x150' }),
    nearMiss: (t) =>
      t.call('pci_enable_ats', PLAIN, { ps: 12, vf: 0, caller: 'arm_smmu_attach_commit+0x8c/0x150' }),
  },
  {
    rule: 'ATS034',
    what: 'near miss: another CPU may still be at it within a millisecond',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(2)
        .event('qi_submit', INVALIDATE_PLAIN),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .event('qi_submit', INVALIDATE_PLAIN),
  },
  {
    rule: 'ATS034',
    what: 'the function that sends it is probed, not the descriptor; near miss: the register is on',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .call('arm_smmu_attach_dev', '0000:09:00.0', { ret: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(5)
        .call('arm_smmu_atc_inv_master', PLAIN),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(5)
        .write(PLAIN, 0x106, 0x8000, '0x100', true)
        .call('arm_smmu_atc_inv_master', PLAIN),
  },
  {
    rule: 'ATS035',
    what: 'SMMUv3 always invalidates: a warning; near miss: it does so after the disable, in the commit',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0], caller: 'arm_smmu_attach_prepare+0x1c0/0x2f0' })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0], caller: 'arm_smmu_attach_prepare+0x1c0/0x2f0' })
        .call('arm_smmu_atc_inv_master', PLAIN)
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'VT-d of 7.2 invalidates: a warning; near miss: ATS was off already',
    fn: PLAIN,
    severity: 'warning',
    profile: '7.2',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .disable(PLAIN, { vf: 0, en: [0, 0] })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'AMD of 7.2 is known to skip it: a note; near miss: invalidations are not recorded',
    fn: PLAIN,
    severity: 'note',
    profile: '7.2',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0], caller: 'detach_device+0x90/0x150' })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0], caller: 'detach_device+0x90/0x150' })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'an invalidation before the detach began does not count; near miss: the detach invalidates',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('qi_submit', INVALIDATE_PLAIN)
        .call('device_block_translation', PLAIN, { inside: () => t.disable(PLAIN, { vf: 0, en: [1, 0] }) })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('qi_submit', INVALIDATE_OTHER)
        .call('device_block_translation', PLAIN, {
          inside: () => t.event('qi_submit', INVALIDATE_PLAIN).disable(PLAIN, { vf: 0, en: [1, 0] }),
        })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'ATS goes on again without one; near miss: the device was reset in between, which empties it',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .call('pcie_flr', PLAIN, { ret: 0 })
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS022',
    what: 'user space switches ATS on in an untrusted device; near miss: it writes the register without Enable',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PLAIN, 0, { vf: 0, cap: '0x100', en: [0, 0], args: { untrusted: 1 } })
        .write(PLAIN, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) =>
      t
        .supported(PLAIN, 0, { vf: 0, cap: '0x100', en: [0, 0], args: { untrusted: 1 } })
        .write(PLAIN, 0x106, 0x0000, '0x100', true),
  },
  {
    rule: 'ATS022',
    what: 'the PF is refused although it has a capability; near miss: a quirk may have taken it',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t.supported(PF, 0, pfState).addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
    nearMiss: (t) =>
      t
        .appear(PF)
        .supported(PF, 0, { vf: 0, pf: 1 })
        .addVf(PF, VF, 0, () => t.enable(VF, 12, 0, { ...vfState, ...on })),
  },
  {
    rule: 'ATS022',
    what: 'in a VF of an untrusted PF; near miss: whether it is trusted is unknown',
    fn: VF,
    severity: 'error',
    trips: (t) =>
      t
        .supported(PF, 0, { ...pfState, args: { untrusted: 1 } })
        .addVf(PF, VF, 0)
        .write(VF, 0x106, 0x8000, '0x100', true),
    nearMiss: (t) => t.addVf(PF, VF, 0).write(VF, 0x106, 0x8000, '0x100', true),
  },
  {
    rule: 'ATS021',
    what: 'restore writes PCI Status; near miss: the rest of the state does, which is normal',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t.call('pci_restore_ats_state', PLAIN, { vf: 0, inside: () => t.write(PLAIN, 6, 0x10, '0x0') }),
    nearMiss: (t) =>
      t.call('pci_restore_state', PLAIN, { vf: 0, inside: () => t.write(PLAIN, 6, 0x10, '0x0') }),
  },
  {
    rule: 'ATS021',
    what: 'the log says that a quirk came while ATS was on; near miss: while it was off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }).call('pci_disable_ats', PF, { vf: 0, en: [0, 0] }),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .call('pci_disable_ats', PF, { vf: 0, en: [0, 0] }),
    log: {
      trips: `${WARN_LINE('    1.000350', 'pci_disable_ats', 100)}[    1.100000] pci ${PLAIN}: disabling ATS\n`,
      nearMiss: `${WARN_LINE('    1.000550', 'pci_disable_ats', 100)}[    1.100000] pci ${PLAIN}: disabling ATS\n`,
    },
  },
  {
    rule: 'ATS020',
    what: 'the answer of a VF changes with the quirk of its PF; near miss: it was asked once',
    fn: VF,
    severity: 'error',
    profile: '6.12-new',
    trips: (t) =>
      readyPf(t).addVf(PF, VF, 0, () => {
        t.supported(VF, 1, vfState)
          .call('pci_restore_state', PF, { vf: 0, pf: 1, cap: '0x0' })
          .supported(VF, 0, vfState);
      }),
    nearMiss: (t) =>
      readyPf(t).addVf(PF, VF, 0, () => {
        t.call('pci_restore_state', PF, { vf: 0, pf: 1, cap: '0x0' }).supported(VF, 0, vfState);
      }),
  },
  {
    rule: 'ATS025',
    what: 'near miss: whether ATS was on is unknown',
    fn: PLAIN,
    severity: 'note',
    profile: '6.12-old',
    trips: (t) => reset(t.enable(PLAIN, 12, 0, { vf: 0, ...on }), PLAIN, () => {}),
    nearMiss: (t) => reset(t, PLAIN, () => {}),
  },
  {
    rule: 'ATS026',
    what: 'the function goes away in the bracket; near miss: it does not support ATS, so the bracket does nothing',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      bracket(t, PF)
        .call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN),
    nearMiss: (t) =>
      bracket(t, PF)
        .supported(PLAIN, 0, { vf: 0 })
        .call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 })
        .call('pci_stop_and_remove_bus_device', PLAIN),
  },
  {
    rule: 'ATS026',
    what: 'near miss: the bracket failed to open',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      bracket(t, PF).call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 }).wait(1500).write(PF, 4, 6),
    nearMiss: (t) =>
      bracket(t, PF).call('pci_dev_reset_iommu_prepare', PLAIN, { ret: -12 }).wait(1500).write(PF, 4, 6),
  },
  {
    rule: 'ATS031',
    what: 'PASID of a PF changes under a live VF; near miss: the value stays',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t).call('pci_enable_pasid', PF, { ...pfState, ret: -22 }))
        .disable(PF, { ...pfState, en: [1, 0] })
        .call('pci_disable_pasid', PF, { ...pfState })
        .call('pci_enable_pasid', PF, { ...pfState, ret: 0, args: { features: 2 } }),
    nearMiss: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .call('pci_disable_pasid', PF, { ...pfState })
        .call('pci_disable_pasid', PF, { ...pfState }),
  },
  {
    rule: 'ATS006',
    what: 'near miss: the VF is gone, with ATS on or not, and so are the ones before it',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      liveVf(readyPf(t))
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0], stu: [12, 13] }),
    nearMiss: (t) =>
      liveVf(liveVf(readyPf(t)).call('pci_stop_and_remove_bus_device', VF))
        .call('pci_stop_and_remove_bus_device', VF)
        .disable(PF, { ...pfState, en: [1, 0] })
        .prepare(PF, 13, 0, { ...pfState, en: [0, 0], stu: [12, 13] }),
  },
  {
    rule: 'ATS023',
    what: 'a quirk took the capability, so that the restore writes PCI Status; near miss: it is there',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      reset(
        t
          .appear(PLAIN)
          .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
          .call('pci_save_state', PLAIN, { ret: 0, cap: '0x0' }),
        PLAIN,
        () => t.call('pci_restore_ats_state', PLAIN, { cap: '0x0' }),
      ),
    nearMiss: (t) =>
      reset(
        t
          .appear(PLAIN)
          .enable(PLAIN, 12, 0, { vf: 0, ...on, cap: '0x100' })
          .call('pci_save_state', PLAIN, { ret: 0, cap: '0x100' }),
        PLAIN,
        () => t.call('pci_restore_ats_state', PLAIN, { cap: '0x100' }),
      ),
  },
];
