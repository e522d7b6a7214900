import type { TraceWriter } from '../../support/trace-writer.ts';

export const PF = '0000:01:00.0';
export const VF = '0000:01:00.1';
export const VF2 = '0000:01:00.2';
export const PLAIN = '0000:02:00.0';

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
  /** The kernel assumed of the near miss, where it is another one. */
  readonly nearProfile?: string;
}

export const on = { en: [0, 1] as [number, number] };

export const pfState = { vf: 0, pf: 1, cap: '0x100' };

export const vfState = { vf: 1, pf: 0, cap: '0x100' };

/** A PF that appears and is prepared and enabled with a page shift. */
export function readyPf(trace: TraceWriter, ps = 12): TraceWriter {
  return trace
    .appear(PF)
    .supported(PF, 1, pfState)
    .prepare(PF, ps, 0, { ...pfState, en: [0, 0], stu: [0, ps] })
    .enable(PF, ps, 0, { ...pfState, ...on, stu: [ps, ps] });
}

/** A VF that appears under a ready PF, prepared and enabled with a page shift. */
export function liveVf(trace: TraceWriter, ps = 12, vf = VF, index = 0): TraceWriter {
  return trace.addVf(PF, vf, index, () => {
    trace
      .supported(vf, 1, vfState)
      .prepare(vf, ps, 0, vfState)
      .enable(vf, ps, 0, { ...vfState, ...on });
  });
}

export function reset(trace: TraceWriter, fn: string, inside: () => void): TraceWriter {
  return trace.call('pci_reset_function', fn, {
    ret: 0,
    caller: 'reset_store+0x5d/0xb0',
    inside: () => {
      trace.call('pcie_flr', fn, { ret: 0, caller: '__pci_reset_function_locked+0x69/0x150' });
      inside();
    },
  });
}

export function probe(
  trace: TraceWriter,
  fn: string,
  result: string,
  inside: () => void,
  driver = 'intel_iommu',
): TraceWriter {
  return trace.call(`${driver}_probe_device`, fn, {
    ret: result,
    caller: 'iommu_init_device+0xb7/0x310',
    inside,
  });
}

export function refused(trace: TraceWriter): TraceWriter {
  trace.event('add_device_to_group', `IOMMU: groupID=9 device=${PF}`);
  return probe(trace, PLAIN, '0xffffffffffffffea', () => {});
}

/** Another function is disabled: such calls are recorded. */
export function knownDisable(trace: TraceWriter): TraceWriter {
  return trace.enable(VF2, 12, 0, { ...vfState, ...on }).disable(VF2, { ...vfState, en: [1, 0] });
}

/** ATS of a function is restored, which writes this to ATS Control; null for nothing. No event prints `ats_enabled`. */
export function restored(trace: TraceWriter, value: number | null, withLoss = false): TraceWriter {
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

export function bracket(trace: TraceWriter, fn: string): TraceWriter {
  return trace.call('pci_dev_reset_iommu_prepare', fn, { ret: 0 }).call('pci_dev_reset_iommu_done', fn);
}

export function attach(trace: TraceWriter, fn: string, type: string): TraceWriter {
  return trace.call('__iommu_attach_device', fn, { ret: 0, args: { domain: '0xff2b58cac18046a0', type } });
}

export const WARN_LINE = (at: string, fn: string, pid: number) =>
  `[${at}] WARNING: CPU: 0 PID: ${pid} at drivers/pci/ats.c:132 ${fn}+0x8a/0xa0\n` +
  `[${at}] CPU: 0 UID: 0 PID: ${pid} Comm: sh Not tainted 6.12.107+deb12-amd64 #1\n` +
  `[${at}] ---[ end trace 0000000000000000 ]---\n`;
