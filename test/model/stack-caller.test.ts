import { expect, it } from 'vitest';
import { callerInStack } from '../../model/lift/stack-caller.ts';

const ENABLE = 'pci_enable_ats+0x5/0xb0';
const DRIVER = 'iommu_enable_pci_ats+0x3a/0x50';
const MODULE = 'inject_store+0x1e/0x1000 [atslab]';

it.each<[string, string[], string | null]>([
  ['the frame above the function', [ENABLE, DRIVER, 'intel_iommu_attach_device+0x2de/0x3d0'], DRIVER],
  ['the first frame where the function has returned', [DRIVER, 'kernfs_fop_write_iter+0x114/0x1b0'], DRIVER],
  ['a module', [ENABLE, MODULE, 'kernfs_fop_write_iter+0x114/0x1b0'], MODULE],
  [
    'a module of the IOMMU side',
    [ENABLE, 'arm_smmu_attach_dev+0x10/0x80 [arm_smmu_v3]'],
    'arm_smmu_attach_dev+0x10/0x80 [arm_smmu_v3]',
  ],
  ['a bare address of a module that is gone', [ENABLE, '0xffffffffc054b1fe'], '0xffffffffc054b1fe'],
  [
    'the tracer is left out',
    ['[FTRACE TRAMPOLINE]', 'pci_enable_ats', 'iommu_enable_pci_ats'],
    'iommu_enable_pci_ats',
  ],
  [
    'and as trace-cmd prints it',
    ['7fffffff', 'pci_enable_ats (ffffffff99088e79)', 'iommu_enable_pci_ats (ffffffff9920b71e)'],
    'iommu_enable_pci_ats',
  ],
  [
    'a helper that an IOMMU driver calls',
    [ENABLE, 'dev_update_dte+0x10/0x80', 'amd_iommu_attach_device+0x20/0x90'],
    'amd_iommu_attach_device+0x20/0x90',
  ],
  ['a helper that a module calls', [ENABLE, 'some_helper+0x10/0x80', MODULE], null],
  ['a trampoline in place of the caller', [ENABLE, 'arch_rethook_trampoline+0x0/0x60', MODULE], null],
  [
    'a trampoline below the IOMMU core',
    [ENABLE, "[unknown/kretprobe'd]", 'iommu_probe_device+0x60/0xa0'],
    'iommu_probe_device+0x60/0xa0',
  ],
  [
    'a trampoline of the return probe itself',
    ['kretprobe_trampoline_handler+0x1/0x2', 'arch_rethook_trampoline+0x0/0x60', DRIVER],
    DRIVER,
  ],
  ['nothing above', [ENABLE], null],
  ['a function compiled in parts', ['pci_enable_ats.part.0+0x5/0xb0', MODULE], MODULE],
])('%s', (_, frames, caller) => {
  expect(callerInStack(frames.join(';'), 'pci_enable_ats')).toBe(caller);
});
