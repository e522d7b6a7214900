import type { TraceWriter } from '../../support/trace-writer.ts';
import { on, PF, PLAIN, type RuleCase, WARN_LINE } from './steps.ts';

function smmuInvalidation(trace: TraceWriter): TraceWriter {
  return trace
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .disable(PLAIN, { vf: 0, en: [1, 0] })
    .wait(50)
    .call('arm_smmu_atc_inv_master', PLAIN, { ret: 0 });
}

/** qw0 of a device-TLB invalidation descriptor for 02:00.0, and for 03:00.0. */
const INVALIDATE_PLAIN = 'dev_tlb_inv dmar0: 0x20000000003 0x7ffffffffffff001 0x0 0x0';

const INVALIDATE_OTHER = 'dev_tlb_inv dmar0: 0x30000000003 0x7ffffffffffff001 0x0 0x0';

/** ATS goes off, and Advanced Error Reporting tells of an error of the function. */
function aerAfterDisable(trace: TraceWriter, error: string): TraceWriter {
  return trace
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .disable(PLAIN, { vf: 0, en: [1, 0] })
    .event('aer_event', `${PLAIN} PCIe Bus Error: severity=Fatal, ${error}, TLP Header=Not available`);
}

interface Move {
  /** `domain->type` of the domain that the function leaves; nothing where the probe does not print it. */
  readonly from?: number;
  readonly ret?: number;
  readonly inside?: () => unknown;
}

/** A function with ATS on is attached to a domain, and then to another one. */
function moves(trace: TraceWriter, { from, ret = 0, inside = () => {} }: Move): TraceWriter {
  trace
    .event('qi_submit', INVALIDATE_OTHER)
    .call('__iommu_attach_device', PLAIN, { ret: 0, args: from === undefined ? {} : { type: `0x${from}` } })
    .enable(PLAIN, 12, 0, { vf: 0, ...on })
    .call('__iommu_attach_device', PLAIN, { ret, args: { type: '0x3' }, inside });
  return trace.wait(1500).write(PF, 4, 6);
}

export const INVALIDATION_CASES: readonly RuleCase[] = [
  {
    rule: 'ATS035',
    what: 'a domain changes with ATS on, without an invalidation; near miss: with one in the attach',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) => moves(t, { from: 4, inside: () => t.event('qi_submit', INVALIDATE_PLAIN) }),
  },
  {
    rule: 'ATS035',
    what: 'VT-d of 7.2 invalidates then: a warning; near miss: nothing is translated through the blocked domain',
    fn: PLAIN,
    severity: 'warning',
    profile: '7.2',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) => moves(t, { from: 0 }),
  },
  {
    rule: 'ATS035',
    what: 'the function leaves with that; near miss: the invalidation comes after the attach',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }).call('pci_stop_and_remove_bus_device', PLAIN),
    nearMiss: (t) =>
      moves(t, { from: 4 })
        .event('qi_submit', INVALIDATE_PLAIN)
        .call('pci_stop_and_remove_bus_device', PLAIN),
  },
  {
    rule: 'ATS035',
    what: 'near miss: the attach fails',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) => moves(t, { from: 4, ret: -22 }),
  },
  {
    rule: 'ATS035',
    what: 'near miss: what domain the function leaves is unknown',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) => moves(t, {}),
  },
  {
    rule: 'ATS035',
    what: 'an invalidation before the attach is of no use for it; near miss: ATS is off all along',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x4' } })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('qi_submit', INVALIDATE_PLAIN)
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x3' } })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PF, 12, 0, { vf: 0, ...on })
        .appear(PLAIN)
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x4' } })
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x3' } })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'near miss: invalidations are not recorded',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) =>
      t
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x4' } })
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x3' } })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'near miss: of the attach before only the return is recorded, which tells no domain',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .event(
          'attach_ret',
          `(__iommu_device_set_domain+0x65/0xb0 <- __iommu_attach_device) ret=0 bdf="${PLAIN}"`,
        )
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x3' } })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'near miss: the attach switches ATS on',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x4' } })
        .call('__iommu_attach_device', PLAIN, {
          ret: 0,
          args: { type: '0x3' },
          inside: () => t.enable(PLAIN, 12, 0, { vf: 0, ...on }),
        })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'near miss: the first attach that is recorded',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .call('__iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x3' } })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'near miss: the attach of the driver inside that of the core is no second one',
    fn: PLAIN,
    severity: 'note',
    trips: (t) => moves(t, { from: 4 }),
    nearMiss: (t) =>
      moves(t, {
        from: 4,
        inside: () => {
          t.event('qi_submit', INVALIDATE_PLAIN);
          t.call('intel_iommu_attach_device', PLAIN, { ret: 0, args: { type: '0x3' } });
        },
      }),
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
    rule: 'ATS034',
    what: 'near miss: ATS may have been enabled since, which nobody records',
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
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(5)
        .event('qi_submit', INVALIDATE_PLAIN),
  },
  {
    rule: 'ATS034',
    what: 'near miss: an event shows that ATS is on, and nobody records enables',
    fn: PLAIN,
    severity: 'warning',
    trips: (t) =>
      t
        .enable('0000:09:00.0', 12, 0, { vf: 0, ...on })
        .supported(PLAIN, 1, { vf: 0, en: [0, 0] })
        .wait(5)
        .event('qi_submit', INVALIDATE_PLAIN),
    nearMiss: (t) => t.supported(PLAIN, 1, { vf: 0, en: [1, 1] }).event('qi_submit', INVALIDATE_PLAIN),
  },
  {
    rule: 'ATS035',
    what: 'near miss: the attach came while ATS was off, so where the detach began is not known',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .supported(PLAIN, 1, { vf: 0, en: [1, 1] })
        .call('intel_iommu_attach_device', PLAIN, { ret: 0 })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .supported(PLAIN, 1, { vf: 0, en: [0, 0] })
        .call('intel_iommu_attach_device', PLAIN, { ret: 0 })
        .supported(PLAIN, 1, { vf: 0, en: [1, 1] })
        .event('qi_submit', INVALIDATE_PLAIN)
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'near miss: the release invalidates, then blocks, then switches off',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('remove_device_from_group', `IOMMU: groupID=9 device=${PLAIN}`)
        .call('device_block_translation', PLAIN, { inside: () => t.disable(PLAIN, { vf: 0, en: [1, 0] }) })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .event('remove_device_from_group', `IOMMU: groupID=9 device=${PLAIN}`)
        .event('qi_submit', INVALIDATE_PLAIN)
        .call('device_block_translation', PLAIN, { inside: () => t.disable(PLAIN, { vf: 0, en: [1, 0] }) })
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'near miss: an enable that fails does not end the wait for an invalidation',
    fn: PLAIN,
    severity: 'note',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .enable(PLAIN, 11, -22, { vf: 0, en: [0, 0] })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0] })
        .enable(PLAIN, 11, -22, { vf: 0, en: [0, 0] })
        .event('qi_submit', INVALIDATE_PLAIN)
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'AMD of 6.1 invalidates: a warning; near miss: it does',
    fn: PLAIN,
    severity: 'warning',
    profile: '6.1',
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
        .event('qi_submit', INVALIDATE_PLAIN)
        .wait(1500)
        .write(PF, 4, 6),
  },
  {
    rule: 'ATS035',
    what: 'AMD of 7.2 in the blocked domain: a note; near miss: it is switched on again by nobody for less than a second',
    fn: PLAIN,
    severity: 'note',
    profile: '7.2',
    trips: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0], caller: 'blocked_domain_attach_device+0x2c/0x50' })
        .wait(1500)
        .write(PF, 4, 6),
    nearMiss: (t) =>
      t
        .event('qi_submit', INVALIDATE_OTHER)
        .enable(PLAIN, 12, 0, { vf: 0, ...on })
        .disable(PLAIN, { vf: 0, en: [1, 0], caller: 'blocked_domain_attach_device+0x2c/0x50' })
        .wait(500)
        .write(PF, 4, 6),
  },
];
