import { describeScenarios, type Scenario } from '../support/scenario.ts';
import type { TraceWriter } from '../support/trace-writer.ts';

const PF = '0000:01:00.0';
const VF = '0000:01:00.1';
const VF2 = '0000:01:00.2';
const PLAIN = '0000:02:00.0';
/** A bystander, by whose events time goes on. */
const OTHER = '0000:09:00.0';
const NO_IOMMU = '0000:03:00.0';
const pf = { vf: 0, pf: 1, cap: '0x100' };
const vf = { vf: 1, pf: 0, cap: '0x100' };
const plain = { vf: 0, pf: 0, cap: '0x100' };
const MODULE = 'inject+0x1e/0x1000 [atslab]';
const SMMU_COMMIT = 'arm_smmu_attach_commit+0x8c/0x150 [arm_smmu_v3]';
const SMMU_ENABLE = 'arm_smmu_enable_ats+0x60/0xc0 [arm_smmu_v3]';
const SMMU_PREPARE = 'arm_smmu_attach_prepare+0x1c0/0x2f0 [arm_smmu_v3]';

/** A device that appears, is prepared and enabled by VT-d within its probe and attach. */
function up(t: TraceWriter, fn: string, kind: typeof pf, ps = 12): TraceWriter {
  if (kind !== vf) t.appear(fn);
  t.call('intel_iommu_probe_device', fn, {
    ret: '0xff2b58cac13fcd60',
    inside: () =>
      t
        .supported(fn, 1, { ...kind, en: [0, 0] })
        .prepare(fn, ps, 0, { ...kind, en: [0, 0], stu: [0, kind === vf ? 0 : ps] }),
  });
  return t.call('__iommu_attach_device', fn, {
    ret: 0,
    args: { type: '0xb' },
    inside: () =>
      t.enable(fn, ps, 0, { ...kind, en: [0, 1], stu: [kind === vf ? 0 : ps, kind === vf ? 0 : ps] }),
  });
}

/** The way out of VT-d 6.12: off in the blocking attach, then released. */
function down(t: TraceWriter, fn: string, kind: typeof pf): TraceWriter {
  t.call('device_block_translation', fn, { inside: () => t.disable(fn, { ...kind, en: [1, 0] }) });
  return t.call('intel_iommu_release_device', fn);
}

/** AMD prepares in its probe and enables before it writes the device table entry; it asks nobody whether that is supported. */
function amdUp(t: TraceWriter, fn: string, kind: typeof pf): TraceWriter {
  if (kind !== vf) t.appear(fn);
  t.call('amd_iommu_probe_device', fn, {
    ret: '0xff2b58cac13fcd60',
    inside: () => t.prepare(fn, 12, 0, { ...kind, en: [0, 0], caller: 'amd_iommu_probe_device+0x1c2/0x3a0' }),
  });
  return t.call('__iommu_attach_device', fn, {
    ret: 0,
    args: { type: '0xb' },
    inside: () => t.enable(fn, 12, 0, { ...kind, en: [0, 1], caller: 'attach_device+0x1c5/0x2e0' }),
  });
}

/** Both phases of an attach of SMMUv3, with what each does. */
function smmuAttach(
  t: TraceWriter,
  symbol: string,
  fn: string,
  prepare: () => void,
  commit: () => void,
): TraceWriter {
  return t.call(symbol, fn, {
    ret: 0,
    inside: () => {
      t.call('arm_smmu_attach_prepare', fn, { ret: 0, inside: prepare });
      t.call('arm_smmu_attach_commit', fn, { inside: commit });
    },
  });
}

/** A PF in bypass, prepared only; a VF in a domain, and then in another. */
function smmuLife(t: TraceWriter): TraceWriter {
  const probe = (fn: string, kind: typeof pf) =>
    t.call('arm_smmu_probe_device', fn, {
      ret: '0xffff000803a4c000',
      inside: () =>
        t.prepare(fn, 16, 0, { ...kind, en: [0, 0], caller: 'arm_smmu_probe_device+0x3a0/0x500' }),
    });
  const asked = () => t.supported(VF, 1, { ...vf, caller: SMMU_PREPARE });
  const invalidated = () => t.call('arm_smmu_atc_inv_master', VF, { ret: 0 });
  t.appear(PF);
  probe(PF, pf);
  smmuAttach(
    t,
    'arm_smmu_attach_dev_identity',
    PF,
    () => {},
    () => {},
  );
  addVf(t, () => probe(VF, vf));
  smmuAttach(t, 'arm_smmu_attach_dev', VF, asked, () => {
    invalidated();
    t.enable(VF, 16, 0, { ...vf, en: [0, 1], caller: SMMU_COMMIT });
  });
  return smmuAttach(t, 'arm_smmu_attach_dev', VF, asked, invalidated);
}

function smmuDown(t: TraceWriter, fn: string, kind: typeof pf): TraceWriter {
  smmuAttach(
    t,
    'arm_smmu_attach_dev_blocked',
    fn,
    () => t.disable(fn, { ...kind, en: [1, 0], caller: SMMU_PREPARE }),
    () => t.call('arm_smmu_atc_inv_master', fn, { ret: 0 }),
  );
  return t.call('arm_smmu_release_device', fn);
}

const addVf = (t: TraceWriter, inside = () => {}) => t.addVf(PF, VF, 0, inside);
const live = (t: TraceWriter) => {
  up(t, PF, pf);
  return addVf(t, () => up(t, VF, vf));
};
/** Something else happens much later. */
const later = (t: TraceWriter) => t.wait(3000).supported(OTHER, 1, { ...plain, en: [0, 0] });

const SCENARIOS: readonly Scenario[] = [
  {
    what: 'a whole clean life: PF, VF, both down again',
    story: (t) => later(down(down(live(t), VF, vf), PF, pf)),
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'a module enables a VF that is on',
    story: (t) => later(live(t).enable(VF, 12, -16, { ...vf, en: [1, 1], caller: MODULE })),
    loud: [`error ATS013 ${VF}`],
    verdict: 'fail',
  },
  {
    what: 'a module prepares a PF that is on',
    story: (t) => later(live(t).prepare(PF, 12, -16, { ...pf, en: [1, 1], stu: [12, 12], caller: MODULE })),
    loud: [`error ATS014 ${PF}`],
    verdict: 'fail',
  },
  ...[0, 11].map(
    (ps): Scenario => ({
      what: `prepare with page shift ${ps}, refused, and a driver that ignores it`,
      story: (t) => {
        t.appear(PLAIN).call('intel_iommu_probe_device', PLAIN, {
          ret: '0xff2b58cac13fcd60',
          inside: () =>
            t.supported(PLAIN, 1, { ...plain, en: [0, 0] }).prepare(PLAIN, ps, -22, { ...plain, en: [0, 0] }),
        });
        return later(t);
      },
      loud: [`error ATS009 ${PLAIN}`, `warning ATS017 ${PLAIN}`],
      verdict: 'fail',
    }),
  ),
  {
    what: 'page shift 44 on a PF',
    story: (t) => later(t.appear(PF).prepare(PF, 44, 0, { ...pf, en: [0, 0], stu: [0, 44] })),
    loud: [`error ATS010 ${PF}`],
    verdict: 'fail',
  },
  {
    what: 'page shift 268 on a PF: stored as 12',
    story: (t) => later(t.appear(PF).prepare(PF, 268, 0, { ...pf, en: [0, 0], stu: [0, 12] })),
    loud: [`error ATS010 ${PF}`],
    verdict: 'fail',
  },
  {
    what: 'page shift 268 on a PF, then a VF with 12: the shift that the core stored is the one that counts',
    story: (t) => {
      t.appear(PF).prepare(PF, 268, 0, { ...pf, en: [0, 0], stu: [0, 12] });
      return later(
        addVf(t, () =>
          t
            .supported(VF, 1, vf)
            .prepare(VF, 12, 0, vf)
            .enable(VF, 12, 0, { ...vf, en: [0, 1] }),
        ),
      );
    },
    loud: [`error ATS010 ${PF}`],
    verdict: 'fail',
  },
  {
    what: 'a PF prepared again with another shift under a live VF, by a module',
    story: (t) => {
      live(t).call('device_block_translation', PF, {
        inside: () => t.disable(PF, { ...pf, en: [1, 0], stu: [12, 12] }),
      });
      return later(t.prepare(PF, 13, 0, { ...pf, en: [0, 0], stu: [12, 13], caller: MODULE }));
    },
    loud: [`warning ATS040 ${PF}`, `error ATS006 ${PF}`],
    verdict: 'fail',
  },
  {
    what: 'the series refuses the VF and its probe fails',
    profile: 'series',
    story: (t) => {
      up(t, PF, pf);
      addVf(t, () =>
        t.call('intel_iommu_probe_device', VF, {
          ret: '0xffffffffffffffea',
          inside: () => t.supported(VF, 1, vf).prepare(VF, 14, -22, { ...vf, en: [0, 0] }),
        }),
      );
      return later(t);
    },
    loud: [`error ATS003 ${VF}`],
    verdict: 'fail',
  },
  {
    what: 'enable after a failed probe',
    profile: 'series',
    story: (t) => {
      t.appear(PLAIN).call('intel_iommu_probe_device', PLAIN, {
        ret: '0xffffffffffffffea',
        inside: () =>
          t.supported(PLAIN, 1, { ...plain, en: [0, 0] }).prepare(PLAIN, 11, -22, { ...plain, en: [0, 0] }),
      });
      return later(
        t.enable(PLAIN, 12, 0, { ...plain, en: [0, 1], caller: 'intel_iommu_attach_device+0x10/0x20' }),
      );
    },
    loud: [`error ATS009 ${PLAIN}`, `error ATS041 ${PLAIN}`],
    verdict: 'fail',
  },
  {
    what: 'a quirk after enable, and a disable that misses the register',
    story: (t) => {
      up(t, PLAIN, plain).call('pci_fixup_device', PLAIN);
      t.call('pci_restore_state', PLAIN, { ...plain, cap: '0x0', en: [1, 1] });
      return later(
        t.call('device_block_translation', PLAIN, {
          inside: () => t.disable(PLAIN, { ...plain, cap: '0x0', en: [1, 0] }),
        }),
      );
    },
    loud: [`error ATS020 ${PLAIN}`, `error ATS021 ${PLAIN}`, `error ATS029 ${PLAIN}`],
    verdict: 'fail',
  },
  {
    what: 'an untrusted device is refused: nothing is wrong',
    story: (t) =>
      later(
        t.appear(PLAIN).call('intel_iommu_probe_device', PLAIN, {
          ret: '0xff2b58cac13fcd60',
          inside: () => t.supported(PLAIN, 0, { ...plain, en: [0, 0], args: { untrusted: 1 } }),
        }),
      ),
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'identity domain: prepared and never enabled',
    story: (t) => {
      t.appear(PF).call('intel_iommu_probe_device', PF, {
        ret: '0xff2b58cac13fcd60',
        inside: () => t.supported(PF, 1, pf).prepare(PF, 12, 0, { ...pf, en: [0, 0], stu: [0, 12] }),
      });
      t.call('identity_domain_attach_dev', PF, { ret: 0 });
      return later(addVf(t, () => up(t, VF, vf)));
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: '6.1 with the PF in the identity domain: every VF is refused',
    profile: '6.1',
    story: (t) => {
      t.appear(PF).supported(PF, 1, pf);
      addVf(t, () => t.supported(VF, 1, vf).enable(VF, 12, -22, { ...vf, en: [0, 0] }));
      return later(t);
    },
    loud: [`error ATS004 ${VF}`],
    verdict: 'fail',
  },
  {
    what: 'AMD prepares devices without ATS and goes on',
    story: (t) =>
      later(
        t.appear(NO_IOMMU, { cap: '0x0' }).call('amd_iommu_probe_device', NO_IOMMU, {
          ret: '0xff2b58cac13fcd60',
          inside: () =>
            t.prepare(NO_IOMMU, 12, -22, {
              ...plain,
              cap: '0x0',
              en: [0, 0],
              caller: 'amd_iommu_probe_device+0x11/0x22',
            }),
        }),
      ),
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'a device without IOMMU: probe returns -ENODEV, its driver binds',
    story: (t) =>
      later(
        t
          .appear(NO_IOMMU, { cap: '0x0' })
          .call('intel_iommu_probe_device', NO_IOMMU, { ret: '0xffffffffffffffed' }),
      ),
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'SMMUv3: enable fails in commit, the next attach disables and WARNs',
    story: (t) => {
      t.appear(PF).prepare(PF, 12, 0, {
        ...pf,
        en: [0, 0],
        stu: [0, 12],
        caller: 'arm_smmu_probe_device+0x3a0/0x500',
      });
      addVf(t, () => t.supported(VF, 1, { ...vf, caller: SMMU_COMMIT }));
      t.call('arm_smmu_attach_dev', VF, {
        ret: 0,
        inside: () => t.enable(VF, 16, -22, { ...vf, en: [0, 0], caller: SMMU_COMMIT }),
      });
      t.wait(20).call('arm_smmu_attach_dev_blocked', VF, {
        inside: () => t.disable(VF, { ...vf, en: [0, 0], caller: SMMU_PREPARE }),
      });
      return later(t);
    },
    loud: [`error ATS004 ${VF}`, `error ATS016 ${VF}`, `error ATS015 ${VF}`],
    verdict: 'fail',
  },
  {
    what: 'AMD 7.2: enabled before the DTE is written, off in the blocked domain, released after that',
    profile: '7.2',
    story: (t) => {
      amdUp(t, PF, pf);
      addVf(t, () => amdUp(t, VF, vf));
      for (const [fn, kind] of [
        [VF, vf],
        [PF, pf],
      ] as const) {
        t.call('blocked_domain_attach_device', fn, {
          ret: 0,
          inside: () => t.disable(fn, { ...kind, en: [1, 0], caller: 'detach_device+0x90/0x190' }),
        });
        t.call('amd_iommu_release_device', fn);
      }
      return later(t);
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'SMMUv3 6.12: predicted in prepare, invalidated and enabled in commit; on to on; off in prepare, invalidated in commit',
    story: (t) => later(smmuDown(smmuLife(t), VF, vf)),
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'SMMUv3 6.1: one phase, disabled and then invalidated',
    profile: '6.1',
    story: (t) => {
      t.appear(PLAIN).call('arm_smmu_attach_dev', PLAIN, {
        ret: 0,
        inside: () => {
          t.supported(PLAIN, 1, { ...plain, en: [0, 0], caller: SMMU_ENABLE });
          t.call('arm_smmu_atc_inv_master', PLAIN, { ret: 0 });
          t.enable(PLAIN, 12, 0, { ...plain, en: [0, 1], caller: SMMU_ENABLE });
        },
      });
      t.call('arm_smmu_release_device', PLAIN, {
        inside: () => {
          t.disable(PLAIN, { ...plain, en: [1, 0], caller: 'arm_smmu_detach_dev+0x4c/0x90' });
          t.call('arm_smmu_atc_inv_master', PLAIN, { ret: 0 });
        },
      });
      return later(t);
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'SMMUv3 7.2: a required device refused by an SMMU without ATS fails its probe, and nothing uses it',
    profile: '7.2',
    story: (t) =>
      later(
        t.appear(PLAIN).call('arm_smmu_probe_device', PLAIN, {
          ret: '0xffffffffffffffa1',
          inside: () =>
            t.supported(PLAIN, 1, { ...plain, en: [0, 0], caller: 'arm_smmu_probe_device+0x1/0x2' }),
        }),
      ),
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'pci=noats: nobody has a capability, nobody is prepared',
    log: '[    0.100000] PCIe: ATS is disabled\n',
    story: (t) =>
      later(
        t
          .appear(PF, { cap: '0x0' })
          .supported(PF, 0, { ...pf, cap: '0x0', en: [0, 0] })
          .supported(PLAIN, 0, { ...plain, cap: '0x0', en: [0, 0] }),
      ),
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'SR-IOV off and on with fewer VFs while the PF stays: the second lives are new ones',
    story: (t) => {
      const removal = (fn: string, index: number) =>
        t.call('pci_iov_remove_virtfn', PF, {
          args: { id: index },
          inside: () => t.call('pci_stop_and_remove_bus_device', fn, { inside: () => down(t, fn, vf) }),
        });
      up(t, PF, pf);
      addVf(t, () => up(t, VF, vf));
      t.addVf(PF, VF2, 1, () => up(t, VF2, vf));
      removal(VF, 0);
      removal(VF2, 1);
      addVf(t, () => up(t, VF, vf));
      removal(VF, 0);
      return later(down(t, PF, pf));
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'events are lost in the middle: what was wrong before stands, what follows is open',
    story: (t) => {
      live(t).enable(VF, 12, -16, { ...vf, en: [1, 1] });
      t.raw('CPU:0 [LOST 12 EVENTS]');
      return later(t.call('pci_disable_ats', VF, vf).call('pci_disable_ats', VF, vf));
    },
    loud: [`error ATS013 ${VF}`, `error ATS015 ${VF}`],
    verdict: 'fail',
  },
  {
    what: 'the recording begins inside an enable and ends inside a disable',
    story: (t) => {
      t.write(PF, 0x106, 0x8000).enable(PF, 12, 0, { ...pf, en: [0, 1], stu: [12, 12], noEntry: true });
      later(t.disable(PLAIN, { ...plain, en: [1, 0] }));
      return t.disable(PF, { ...pf, en: [1, 0], noReturn: true });
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'suspend and resume with ATS on: the restore writes it again',
    story: (t) =>
      later(
        up(t, PLAIN, plain)
          .call('pci_save_state', PLAIN, { ret: 0 })
          .wait(2000)
          .call('pci_restore_state', PLAIN, {
            inside: () => t.call('pci_restore_ats_state', PLAIN, { ...plain, en: [1, 1] }),
          }),
      ),
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'VFIO: off in the blocked domain, on again in its own',
    story: (t) => {
      live(t).call('blocking_domain_attach_dev', VF, { inside: () => t.disable(VF, { ...vf, en: [1, 0] }) });
      t.call('__iommu_attach_device', VF, {
        ret: 0,
        args: { type: '0x1' },
        inside: () => t.enable(VF, 12, 0, { ...vf, en: [0, 1] }),
      });
      return later(t);
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'surprise removal with ATS on: the core never switched it off',
    story: (t) =>
      later(
        up(t, PLAIN, plain)
          .disable(NO_IOMMU, { ...plain, en: [1, 0] })
          .call('pci_stop_and_remove_bus_device', PLAIN),
      ),
    loud: [`error ATS027 ${PLAIN}`],
    verdict: 'fail',
  },
  {
    what: 'the PF driver leaves with VFs on, and then all goes in order',
    story: (t) => {
      live(t);
      t.call('pci_disable_sriov', PF, {
        inside: () =>
          t.call('pci_iov_remove_virtfn', PF, {
            args: { id: 0 },
            inside: () => t.call('pci_stop_and_remove_bus_device', VF, { inside: () => down(t, VF, vf) }),
          }),
      });
      return later(down(t, PF, pf));
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'kexec: the device has ATS on and the core off; the first prepare clears a PF',
    story: (t) => {
      t.appear(PLAIN).event(
        'rd',
        `(pci_user_read+0x1/0x2 <- pci_user_read_config_word) where=0x106 val=0x8000 cap=0x100 vf=0 bdf="${PLAIN}"`,
      );
      return later(up2(t));
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'traceoff_on_warning: the recording ends inside the disable that WARNs',
    log: '[    1.002000] WARNING: CPU: 0 PID: 100 at drivers/pci/ats.c:132 pci_disable_ats+0x8a/0xa0\n[    1.002000] CPU: 0 UID: 0 PID: 100 Comm: sh Not tainted 6.12.107+deb12-amd64 #1\n[    1.002000] ---[ end trace 0000000000000000 ]---\n',
    story: (t) => {
      up(t, PLAIN, plain).disable(PLAIN, { ...plain, en: [1, 0] });
      return t.disable(PLAIN, { ...plain, en: [0, 0], noReturn: true });
    },
    loud: [`error ATS015 ${PLAIN}`],
    verdict: 'fail',
  },
  {
    what: 'only return probes: a refused VF is found all the same',
    story: (t) =>
      later(
        t
          .prepare(PF, 12, 0, { ...pf, noEntry: true })
          .supported(VF, 1, vf)
          .enable(VF, 13, -22, { ...vf, en: [0, 0], noEntry: true }),
      ),
    loud: [`error ATS004 ${VF}`],
    verdict: 'fail',
  },
  {
    what: 'only entry probes: results are unknown, so nothing is judged by them',
    story: (t) =>
      later(
        t
          .call('pci_prepare_ats', PF, { ...pf, ps: 12, noReturn: true })
          .call('pci_enable_ats', PF, { ...pf, ps: 12, noReturn: true }),
      ),
    loud: [],
    verdict: 'inconclusive',
  },
  {
    what: 'only entry probes that print ats_enabled: a second disable shows',
    story: (t) => later(t.call('pci_disable_ats', PF, { ...pf, en: [0, 0], noReturn: true })),
    loud: [`error ATS015 ${PF}`],
    verdict: 'fail',
  },
  {
    what: 'a reset inside a bracket that leaves ATS on does not hide a later one outside of any (7.2, scalable mode)',
    profile: '7.2',
    story: (t) => {
      down(up(t, OTHER, plain), OTHER, plain);
      up(t, PLAIN, plain).call('pcie_flr', PLAIN, {
        ret: 0,
        inside: () =>
          t.call('pci_dev_reset_iommu_prepare', PLAIN, { ret: 0 }).call('pci_dev_reset_iommu_done', PLAIN),
      });
      return t.call('pcie_flr', PLAIN, { ret: 0 });
    },
    loud: [`warning ATS025 ${PLAIN}`],
    verdict: 'pass',
  },
];

function up2(t: TraceWriter): TraceWriter {
  return t
    .call('intel_iommu_probe_device', PLAIN, {
      ret: '0xff2b58cac13fcd60',
      inside: () =>
        t
          .supported(PLAIN, 1, { ...plain, en: [0, 0] })
          .prepare(PLAIN, 12, 0, { ...plain, en: [0, 0], stu: [0, 12] }),
    })
    .call('__iommu_attach_device', PLAIN, {
      ret: 0,
      inside: () => t.enable(PLAIN, 12, 0, { ...plain, en: [0, 1], stu: [12, 12] }),
    });
}

describeScenarios('what is found in stories that no capture tells, and nothing else', SCENARIOS);
