import { describeScenarios } from '../support/scenario.ts';
import type { TraceWriter } from '../support/trace-writer.ts';

const FN = '0000:02:00.0';
const PF = '0000:01:00.0';
const VF = '0000:01:00.1';
/** A bystander, by whose events time goes on. */
const OTHER = '0000:09:00.0';
const plain = { vf: 0, pf: 0, cap: '0x100' };
const vf = { vf: 1, pf: 0, cap: '0x100' };
const OBJECT = '0xff2b58cac13fcd60';
const [OFF, ON] = [0, 1];
/** `domain->type` (include/linux/iommu.h). */
const DOMAIN = { blocked: '0x0', identity: '0x4', paging: '0x3', dma: '0xb', vfio: '0x1' };
type DomainName = keyof typeof DOMAIN;

/** The IOMMU core attaches a function to a domain; what its driver does on the way goes into `inside`. */
function attach(t: TraceWriter, fn: string, domain: DomainName, inside: () => void = () => {}): TraceWriter {
  return t.call('__iommu_attach_device', fn, { ret: 0, args: { type: DOMAIN[domain] }, inside });
}

/** A descriptor of VT-d that tells the translation cache of `FN` to forget. */
const flush = (t: TraceWriter) =>
  t.event('qi_submit', 'dev_tlb_inv dmar0: 0x20000000003 0x7ffffffffffff001 0x0 0x0');

/** Time goes on; another function is switched on and off, and invalidated, so that all of this is known to be recorded. */
function later(t: TraceWriter): TraceWriter {
  return t
    .enable(OTHER, 12, 0, { ...plain, en: [OFF, ON] })
    .call('qi_flush_dev_iotlb', OTHER)
    .call('device_block_translation', OTHER, {
      inside: () => t.call('qi_flush_dev_iotlb', OTHER).disable(OTHER, { ...plain, en: [ON, OFF] }),
    })
    .wait(3000)
    .supported(OTHER, 1, { ...plain, en: [OFF, OFF] });
}

/** VT-d takes a function; in scalable mode it switches ATS on once, when it finishes. */
function vtdProbe(t: TraceWriter, isScalable: boolean): TraceWriter {
  t.appear(FN).call('intel_iommu_probe_device', FN, {
    ret: OBJECT,
    inside: () =>
      t
        .supported(FN, 1, { ...plain, en: [OFF, OFF] })
        .prepare(FN, 12, 0, { ...plain, en: [OFF, OFF], stu: [0, 12] }),
  });
  attach(t, FN, 'dma', () => isScalable || vtdOn(t));
  return t.call('intel_iommu_probe_finalize', FN, {
    inside: () => {
      if (!isScalable) return;
      t.call('pci_enable_pasid', FN, { ...plain, ret: 0, args: { features: 0 } });
      vtdOn(t);
      t.call('pci_enable_pri', FN, { ...plain, ret: 0 });
    },
  });
}

const vtdOn = (t: TraceWriter) =>
  t.enable(FN, 12, 0, { ...plain, en: [OFF, ON], stu: [12, 12], caller: 'iommu_enable_pci_ats+0x48/0x50' });
const vtdOff = (t: TraceWriter) => t.disable(FN, { ...plain, en: [ON, OFF], stu: [12, 12] });

/** VT-d scalable mode: the translation of a function is blocked and ATS stays on. */
const block = (t: TraceWriter, inside: () => void) =>
  attach(t, FN, 'blocked', () => t.call('blocking_domain_attach_dev', FN, { inside }));

describeScenarios('VT-d in scalable mode (7.2)', [
  {
    what: 'on in probe_finalize, through blocked, VFIO and identity domains, off in the release',
    profile: '7.2',
    story: (t) => {
      vtdProbe(t, true);
      block(t, () => flush(t));
      attach(t, FN, 'vfio');
      block(t, () => flush(t));
      attach(t, FN, 'identity', () => flush(t));
      t.call('intel_iommu_release_device', FN, {
        inside: () => {
          t.call('pci_disable_pri', FN, plain);
          vtdOff(flush(t));
          t.call('pci_disable_pasid', FN, plain);
        },
      });
      return later(t);
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'a release that leaves ATS on',
    profile: '7.2',
    story: (t) => {
      vtdProbe(t, true).call('intel_iommu_release_device', FN, {
        inside: () => t.call('pci_disable_pri', FN, plain).call('pci_disable_pasid', FN, plain),
      });
      return later(t);
    },
    // PASID goes off while ATS is on.
    loud: [`error ATS031 ${FN}`, `error ATS027 ${FN}`],
    verdict: 'fail',
  },
  {
    what: 'an attach that switches ATS on although probe_finalize has',
    profile: '7.2',
    story: (t) =>
      later(
        attach(vtdProbe(t, true), FN, 'vfio', () =>
          flush(t).enable(FN, 12, -16, { ...plain, en: [ON, ON], stu: [12, 12] }),
        ),
      ),
    loud: [`error ATS013 ${FN}`],
    verdict: 'fail',
  },
]);

describeScenarios('VT-d in legacy mode', [
  {
    what: '7.2: on with a paging domain, flushed and off without one, and on again',
    profile: '7.2',
    story: (t) => {
      vtdProbe(t, false);
      block(t, () => vtdOff(flush(t)));
      attach(t, FN, 'identity', () => t.call('identity_domain_attach_dev', FN, { ret: 0 }));
      attach(t, FN, 'vfio', () => vtdOn(t));
      block(t, () => vtdOff(flush(t)));
      t.call('intel_iommu_release_device', FN);
      return later(t);
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: '7.2: off without a flush',
    profile: '7.2',
    story: (t) => {
      vtdProbe(t, false);
      block(t, () => vtdOff(t));
      return later(t);
    },
    loud: [`warning ATS035 ${FN}`],
    verdict: 'pass',
  },
  {
    what: '6.12: off before the tear-down, which then flushes nothing: its design',
    story: (t) => {
      vtdProbe(t, false);
      t.call('device_block_translation', FN, { inside: () => vtdOff(t) });
      t.call('intel_iommu_release_device', FN);
      return later(t);
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: '7.2: a device that must have ATS on sits in the identity domain, for which VT-d does not ask',
    profile: '7.2',
    story: (t) => {
      vtdProbe(t, false).call('pci_ats_required', FN, { ...plain, ret: 1 });
      block(t, () => vtdOff(flush(t)));
      return later(attach(t, FN, 'identity'));
    },
    loud: [`warning ATS038 ${FN}`],
    verdict: 'pass',
  },
]);

/** AMD takes a function: it prepares it without asking, and switches ATS on with every domain. */
function amdAttach(t: TraceWriter, domain: DomainName): TraceWriter {
  return attach(t, FN, domain, () =>
    t.enable(FN, 12, 0, { ...plain, en: [OFF, ON], stu: [12, 12], caller: 'attach_device+0x1c5/0x2e0' }),
  );
}

const amdDetach = (t: TraceWriter) =>
  t.call('detach_device', FN, {
    inside: () =>
      t.disable(FN, { ...plain, en: [ON, OFF], stu: [12, 12], caller: 'detach_device+0x90/0x190' }),
  });

function amdProbe(t: TraceWriter): TraceWriter {
  return t.appear(FN).call('amd_iommu_probe_device', FN, {
    ret: OBJECT,
    inside: () =>
      t.prepare(FN, 12, 0, {
        ...plain,
        en: [OFF, OFF],
        stu: [0, 12],
        caller: 'amd_iommu_probe_device+0x1c2/0x3a0',
      }),
  });
}

describeScenarios('AMD', [
  {
    what: '6.12: off and on between paging and identity domains, and off in the release',
    story: (t) => {
      amdAttach(amdProbe(t), 'dma');
      amdAttach(amdDetach(t), 'identity');
      t.call('amd_iommu_release_device', FN, { inside: () => amdDetach(t) });
      return later(t);
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: 'an enable that fails is ignored, and so the driver does not believe in it',
    story: (t) => {
      t.appear(PF).prepare(PF, 12, 0, { vf: 0, pf: 1, cap: '0x100', en: [OFF, OFF], stu: [0, 12] });
      t.addVf(PF, VF, 0, () => {
        t.supported(VF, 1, { ...vf, en: [OFF, OFF] });
        attach(t, VF, 'dma', () =>
          t.enable(VF, 13, -22, { ...vf, en: [OFF, OFF], caller: 'attach_device+0x1c5/0x2e0' }),
        );
      });
      return later(t.call('amd_iommu_release_device', VF));
    },
    loud: [`error ATS004 ${VF}`],
    verdict: 'fail',
  },
]);

const SMMU_PREPARE = 'arm_smmu_attach_prepare+0x1c0/0x2f0 [arm_smmu_v3]';
const SMMU_COMMIT = 'arm_smmu_attach_commit+0x8c/0x150 [arm_smmu_v3]';
const SMMU_ENABLE = 'arm_smmu_enable_ats+0x60/0xc0 [arm_smmu_v3]';
const smmuFlush = (t: TraceWriter) => t.call('arm_smmu_atc_inv_master', FN, { ret: 0 });

/** SMMUv3 takes a function. */
function smmuProbe(t: TraceWriter, required = 0): TraceWriter {
  return t.appear(FN).call('arm_smmu_probe_device', FN, {
    ret: OBJECT,
    inside: () => {
      const caller = 'arm_smmu_probe_device+0x3a0/0x500';
      t.supported(FN, 1, { ...plain, en: [OFF, OFF], caller });
      t.prepare(FN, 12, 0, { ...plain, en: [OFF, OFF], stu: [0, 12], caller });
      t.call('pci_ats_required', FN, { ...plain, ret: required, caller });
    },
  });
}

/** Two phases: off in the first, before the stream table entry is written; on in the second, after it. */
function smmuAttach(
  t: TraceWriter,
  domain: DomainName,
  { turnOff = false, turnOn = false, keep = false, result = 0 } = {},
): TraceWriter {
  const symbol = { blocked: 'arm_smmu_attach_dev_blocked', identity: 'arm_smmu_attach_dev_identity' };
  return attach(t, FN, domain, () =>
    t.call((symbol as Record<string, string>)[domain] ?? 'arm_smmu_attach_dev', FN, {
      ret: 0,
      inside: () => {
        t.call('arm_smmu_attach_prepare', FN, {
          ret: 0,
          inside: () => {
            t.supported(FN, 1, { ...plain, caller: SMMU_PREPARE });
            if (turnOff) t.disable(FN, { ...plain, en: [ON, OFF], caller: SMMU_PREPARE });
          },
        });
        t.call('arm_smmu_attach_commit', FN, {
          inside: () => {
            if (turnOff || turnOn || keep) smmuFlush(t);
            const state = { ...plain, en: [OFF, result === 0 ? ON : OFF] as [number, number] };
            if (turnOn) t.enable(FN, 12, result, { ...state, caller: SMMU_COMMIT });
          },
        });
      },
    }),
  );
}

describeScenarios('SMMUv3', [
  {
    what: '7.2: identity, paging, another paging, blocked, released',
    profile: '7.2',
    story: (t) => {
      smmuAttach(smmuProbe(t), 'identity');
      smmuAttach(t, 'dma', { turnOn: true });
      smmuAttach(t, 'vfio', { keep: true });
      smmuAttach(t, 'blocked', { turnOff: true });
      return later(t.call('arm_smmu_release_device', FN));
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: '7.2: off for the identity domain without a flush',
    profile: '7.2',
    story: (t) => {
      smmuAttach(smmuProbe(t), 'dma', { turnOn: true });
      attach(t, FN, 'identity', () =>
        t.call('arm_smmu_attach_dev_identity', FN, {
          ret: 0,
          inside: () => t.disable(FN, { ...plain, en: [ON, OFF], caller: SMMU_PREPARE }),
        }),
      );
      return later(t);
    },
    loud: [`warning ATS035 ${FN}`],
    verdict: 'pass',
  },
  {
    what: '7.2: a device that must have ATS on keeps it in the identity domain, and loses it in the blocked one',
    profile: '7.2',
    story: (t) => {
      smmuAttach(smmuProbe(t, 1), 'dma', { turnOn: true });
      smmuAttach(t, 'identity', { keep: true });
      return later(smmuAttach(t, 'blocked', { turnOff: true }));
    },
    loud: [],
    verdict: 'pass',
  },
  {
    what: '7.2: a device that must have ATS on is in a paging domain, and enable failed',
    profile: '7.2',
    story: (t) => later(smmuAttach(smmuProbe(t, 1), 'dma', { turnOn: true, result: -22 })),
    // The kernel answers -EINVAL although nothing that is known allows it.
    loud: [`warning ATS093 ${FN}`, `error ATS016 ${FN}`, `warning ATS038 ${FN}`],
    verdict: 'fail',
  },
  {
    what: '6.1, one phase: enable fails, and the detach switches off what is not on',
    profile: '6.1',
    story: (t) => {
      t.appear(PF).supported(PF, 1, { vf: 0, pf: 1, cap: '0x100' });
      t.addVf(PF, VF, 0, () => t.supported(VF, 1, { ...vf, en: [OFF, OFF] }));
      t.call('arm_smmu_attach_dev', VF, {
        ret: 0,
        inside: () => t.enable(VF, 12, -22, { ...vf, en: [OFF, OFF], caller: SMMU_ENABLE }),
      });
      t.call('arm_smmu_release_device', VF, {
        inside: () => t.disable(VF, { ...vf, en: [OFF, OFF], caller: 'arm_smmu_detach_dev+0x4c/0x90' }),
      });
      return later(t);
    },
    loud: [`error ATS004 ${VF}`, `error ATS016 ${VF}`, `error ATS015 ${VF}`],
    verdict: 'fail',
  },
]);
