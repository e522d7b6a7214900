import type { TraceWriter } from '../../support/trace-writer.ts';
import {
  liveVf,
  on,
  PF,
  PLAIN,
  pfState,
  type RuleCase,
  readyPf,
  restored,
  VF,
  vfState,
  WARN_LINE,
} from './steps.ts';

const MODULE = 'inject+0x1e/0x1000 [atslab]';

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

/** An attach in which the enable fails; ends of attaches are recorded. */
function smmuAttach(trace: TraceWriter, ret?: number, attach = 'arm_smmu_attach_dev'): TraceWriter {
  trace.call(attach, PF, { ret: 0 });
  return trace.supported(PLAIN, 1, { vf: 0 }).call(attach, PLAIN, {
    ...(ret === undefined ? { noReturn: true } : { ret }),
    inside: () => trace.enable(PLAIN, 11, -22, { vf: 0, en: [0, 0] }),
  });
}

export const CALLS_CASES: readonly RuleCase[] = [
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
    what: 'prepare while on returns -EBUSY; near miss: prepare before enable',
    fn: PF,
    severity: 'error',
    trips: (t) => readyPf(t).prepare(PF, 12, -16, { ...pfState, en: [1, 1] }),
    nearMiss: (t) => readyPf(t),
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
    rule: 'ATS015',
    what: 'a restore that writes nothing tells that ATS is off, and it is disabled; near miss: it wrote Enable',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => restored(t, null).disable(PLAIN, { vf: 0 }),
    nearMiss: (t) => restored(t, 0x8000).disable(PLAIN, { vf: 0 }),
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
    what: 'the attach goes on to succeed; near miss: it fails',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => smmuAttach(t, 0),
    nearMiss: (t) => smmuAttach(t, -22),
  },
  {
    rule: 'ATS016',
    what: 'how the attach ends is not recorded: SMMUv3 never fails after that; near miss: VT-d',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => smmuAttach(t),
    nearMiss: (t) => smmuAttach(t, undefined, 'intel_iommu_attach_device'),
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
    rule: 'ATS013',
    what: '-EBUSY alone says so, of an unknown state; near miss: success of an unknown state',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.call('pci_enable_ats', PLAIN, { vf: 0, ret: -16, caller: "[unknown/kretprobe'd]" }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0 }),
  },
  {
    rule: 'ATS013',
    what: 'the state says that ATS is on and the result is not recorded; near miss: success, which ATS093 is about',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.call('pci_enable_ats', PLAIN, { ps: 12, vf: 0, en: [1, 1] }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0, en: [1, 1] }),
  },
  {
    rule: 'ATS014',
    what: '-EBUSY alone says so, of an unknown state; near miss: -EINVAL, which does not',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.call('pci_prepare_ats', PLAIN, { vf: 0, ret: -16, caller: "[unknown/kretprobe'd]" }),
    nearMiss: (t) => t.prepare(PLAIN, 12, -22, { vf: 0 }),
  },
  {
    rule: 'ATS014',
    what: 'the state says that ATS is on and the result is not recorded; near miss: success, which ATS093 is about',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.call('pci_prepare_ats', PLAIN, { ps: 12, vf: 0, en: [1, 1] }),
    nearMiss: (t) => t.prepare(PLAIN, 12, 0, { vf: 0, en: [1, 1] }),
  },
  {
    rule: 'ATS015',
    what: 'the WARN says so although ATS was on as far as recorded; near miss: no WARN',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0 }).disable(PLAIN, { vf: 0 }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0 }).disable(PLAIN, { vf: 0 }),
    log: {
      trips: WARN_LINE('    1.000350', 'pci_disable_ats', 100),
      nearMiss: WARN_LINE('    1.000350', 'pci_restore_state', 100),
    },
  },
  {
    rule: 'ATS015',
    what: 'near miss: ATS may have been enabled in between, which nobody records',
    fn: PF,
    severity: 'error',
    trips: (t) =>
      readyPf(t)
        .disable(PF, { ...pfState, en: [1, 0] })
        .disable(PF, pfState),
    nearMiss: (t) => t.disable(PF, { ...pfState, en: [1, 0] }).disable(PF, pfState),
  },
  {
    rule: 'ATS015',
    what: 'near miss: an earlier event shows that it is on, and nobody records enables',
    fn: PF,
    severity: 'error',
    trips: (t) => t.supported(PF, 1, { ...pfState, en: [1, 1] }).disable(PF, { ...pfState, en: [0, 0] }),
    nearMiss: (t) => t.supported(PF, 1, { ...pfState, en: [1, 1] }).disable(PF, pfState),
  },
  {
    rule: 'ATS016',
    what: 'the line of a driver names no function of PCI; near miss: another failure of it',
    fn: null,
    severity: 'error',
    trips: (t) => t,
    nearMiss: (t) => t,
    log: {
      trips: '[    1.000150] example 2900000.device: Failed to enable ATS (STU 16)\n',
      nearMiss: '[    1.000150] example 2900000.device: Failed to enable PASID\n',
    },
  },
  {
    rule: 'ATS016',
    what: 'the line tells of another call than the recorded one, which succeeded; near miss: of the recorded one, of VT-d',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .event('add_device_to_group', `IOMMU: groupID=9 device=${PLAIN}`)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] }),
    nearMiss: (t) =>
      t
        .event('add_device_to_group', `IOMMU: groupID=9 device=${PLAIN}`)
        .enable(PLAIN, 11, -22, { vf: 0, en: [0, 0] }),
    log: {
      trips: `[    1.000100] pci ${PLAIN}: Adding to iommu group 9\n[    1.100000] example ${PLAIN}: Failed to enable ATS (STU 12)\n`,
      nearMiss: `[    1.000100] pci ${PLAIN}: Adding to iommu group 9\n[    1.100000] example ${PLAIN}: Failed to enable ATS (STU 11)\n`,
    },
  },
  {
    rule: 'ATS016',
    what: 'near miss: a tag of two is given back while somebody else has switched ATS off',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0], caller: MODULE })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`)
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 2`)
        .disable(PLAIN, { vf: 0, en: [1, 0], caller: MODULE })
        .event('cache_tag_unassign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 2`),
  },
  {
    rule: 'ATS016',
    what: 'near miss: ATS may have been enabled since, which nobody records',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`),
    nearMiss: (t) =>
      t
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`),
  },
  {
    rule: 'ATS016',
    what: 'near miss: an event shows that ATS is on, and nobody records enables',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t
        .enable('0000:09:00.0', 12, 0, { vf: 0, ...on })
        .supported(PLAIN, 1, { vf: 0, en: [0, 0] })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`),
    nearMiss: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0, en: [1, 1] })
        .event('cache_tag_assign', `dmar0/${PLAIN} type devtlb did 9 pasid 0 ref 1`),
  },
  {
    rule: 'ATS019',
    what: 'near miss: the function appeared before the recording',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .prepare(PF, 12, 0, { ...pfState, en: [0, 0] })
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
    nearMiss: (t) => t.prepare(PF, 12, 0, { ...pfState, en: [0, 0] }).enable(PLAIN, 12, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS019',
    what: 'near miss: prepare of the function is recorded without its result',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .prepare(PF, 12, 0, { ...pfState, en: [0, 0] })
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .prepare(PF, 12, 0, { ...pfState, en: [0, 0] })
        .appear(PLAIN)
        .call('pci_prepare_ats', PLAIN, { ps: 12, vf: 0, en: [0, 0], noReturn: true })
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS019',
    what: 'near miss: nothing shows that prepare is recorded',
    fn: PLAIN,
    severity: 'note',
    profile: '7.2',
    trips: (t) =>
      t
        .prepare(PF, 12, 0, { ...pfState, en: [0, 0] })
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
    nearMiss: (t) => t.appear(PLAIN).enable(PLAIN, 12, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS019',
    what: 'near miss: so far the kernel is taken for one without prepare',
    fn: PLAIN,
    severity: 'note',
    nearProfile: '6.1',
    trips: (t) =>
      t
        .prepare(PF, 12, 0, { ...pfState, en: [0, 0] })
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on }),
    nearMiss: (t) =>
      t
        .appear(PLAIN)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .prepare(PF, 12, 0, { ...pfState, en: [0, 0] }),
  },
  {
    rule: 'ATS040',
    what: 'a module prepares; near miss: the kernel refuses it',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => t.prepare(PLAIN, 12, 0, { vf: 0, en: [0, 0], caller: MODULE }),
    nearMiss: (t) => t.prepare(PLAIN, 11, -22, { vf: 0, en: [0, 0], caller: MODULE }),
  },
  {
    rule: 'ATS040',
    what: 'a module enables; near miss: the driver does',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on, caller: MODULE }),
    nearMiss: (t) => t.enable(PLAIN, 12, 0, { vf: 0, ...on }),
  },
  {
    rule: 'ATS016',
    what: 'the page shift is not recorded; near miss: the caller is of VT-d',
    fn: PLAIN,
    severity: 'error',
    trips: (t) =>
      t.call('pci_enable_ats', PLAIN, { vf: 0, ret: -22, caller: 'arm_smmu_attach_commit+0x8c/0x150' }),
    nearMiss: (t) => t.call('pci_enable_ats', PLAIN, { vf: 0, ret: -22 }),
  },
  {
    rule: 'ATS016',
    what: 'near miss: SMMUv3 enables what is on, as it believes (ATS013)',
    fn: PLAIN,
    severity: 'error',
    trips: (t) => t.enable(PLAIN, 12, -22, { vf: 0, caller: 'arm_smmu_attach_commit+0x8c/0x150' }),
    nearMiss: (t) => t.enable(PLAIN, 12, -16, { vf: 0, caller: 'arm_smmu_attach_commit+0x8c/0x150' }),
  },
];
