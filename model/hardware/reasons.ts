import { type CONFIG_ACCESSES, columnOf, rowsOf, type SOURCES, type Table } from '../../tables/index.ts';
import type { EventColumns } from '../event-columns.ts';
import { HARDWARE_KINDS } from '../events.ts';
import type { Reason } from '../reason.ts';
import { type HardwareAlignment, isHardwareSource } from './align.ts';

/** What the verdict must say of the logs of the hardware: what they were not used for, and what would change that. */
export function hardwareReasons(
  sources: Table<typeof SOURCES>,
  accesses: Table<typeof CONFIG_ACCESSES>,
  events: EventColumns,
  alignment: HardwareAlignment,
): Reason[] {
  const logs = rowsOf(sources).filter(isHardwareSource);
  if (logs.length === 0) return [];
  const followed = new Set<number>();
  for (let row = 0; row < events.length; row++)
    if (HARDWARE_KINDS[events.kind[row]]) followed.add(events.source[row]);
  const counts = new Map<number, number>();
  for (const source of columnOf(accesses, 'source').data)
    counts.set(Number(source), (counts.get(Number(source)) ?? 0) + 1);
  return logs.flatMap(({ source, path }) => {
    const apart = alignment.apart.find((one) => one.source === source);
    const reasons: Reason[] = [];
    if (!followed.has(source)) {
      const count = counts.get(source) ?? 0;
      reasons.push({
        code: 'registers-not-followed',
        decisive: false,
        reason:
          count === 0
            ? `${path} shows no access to config space, so it tells nothing of registers.`
            : `${path} shows ${count} accesses to config space, and nothing tells where in it ATS Control stands: no register was followed.`,
        settle:
          count === 0
            ? "Record with -trace 'pci_cfg_*'."
            : "Record reads, too (-trace 'pci_cfg_*'), add the output of lspci -vvv, or name the offset of the capability: --ats-capability 0x100.",
      });
    } else if (apart) {
      reasons.push({
        code: 'hardware-apart',
        decisive: false,
        reason: `${path} was followed on its own and not compared with the kernel: ${apart.why}.`,
        settle:
          'Record the writes of the kernel: probes on pci_write_config_word and pci_user_write_config_word (atscope capture --print probes), with a clock that tells time.',
      });
    }
    return reasons;
  });
}
