import type { EventKindName } from '../events.ts';

/** What a trace event of the PCI core means, and the device that its text names. */
export interface PciEvent {
  readonly kind: EventKindName;
  /** As printed; null where only the fields of the event name it. */
  readonly device: string | null;
}

/** enum pci_hotplug_event, include/uapi/linux/pci.h. */
const HOTPLUG_EVENTS: readonly { readonly name: string; readonly kind: EventKindName }[] = [
  { name: 'LINK_UP', kind: 'log.link_up' },
  { name: 'LINK_DOWN', kind: 'log.link_down' },
  { name: 'CARD_PRESENT', kind: 'log.link_up' },
  { name: 'CARD_NOT_PRESENT', kind: 'log.link_down' },
];

/**
 * What a hot-plug port sees of its link and its slot (pci:pci_hp_event, include/trace/events/pci.h).
 * @param text its body as printed: `0000:00:02.0 slot:1, event:LINK_DOWN`; null where its fields were recorded.
 * @param event the field `event`; null where there is none.
 */
export function linkEvent(text: string | null, event: number | null): PciEvent | null {
  const printed = text === null ? null : /^(\S+) slot:.*, event:(\w+)/.exec(text);
  const row = printed
    ? HOTPLUG_EVENTS.find(({ name }) => name === printed[2])
    : event === null
      ? undefined
      : HOTPLUG_EVENTS[event];
  return row ? { kind: row.kind, device: printed?.[1] ?? null } : null;
}

/** PCI_ERR_UNC_UNSUP and PCI_ERR_UNC_ACSV, include/uapi/linux/pci_regs.h. */
const OF_ATS = (1 << 20) | (1 << 21);
/** AER_CORRECTABLE, include/linux/aer.h: the bits of its status are others. */
const CORRECTABLE = 2;

/**
 * An error that Advanced Error Reporting tells (ras:aer_event, include/ras/ras_event.h): like its messages in the log, it
 * may come from ATS requests when the request was not supported or violated access control.
 * @param text its body as printed; null where its fields were recorded:
 *   `0000:02:00.0 PCIe Bus Error: severity=Fatal, Unsupported Request Error|ACS Violation, TLP Header=Not available`
 */
export function aerEvent(
  text: string | null,
  status: number | null,
  severity: number | null,
): PciEvent | null {
  if (text !== null) {
    const printed = /^(\S+) (?:PCIe|CXL) Bus Error: severity=/.exec(text);
    if (!printed) return null;
    const [errors] = text.split(/, TLP Header/);
    const isOfAts = /\b(?:Unsupported Request Error|ACS Violation)\b/.test(errors);
    return { kind: isOfAts ? 'log.fault' : 'log.aer', device: printed[1] };
  }
  const isOfAts = status !== null && severity !== null && severity !== CORRECTABLE && (status & OF_ATS) !== 0;
  return { kind: isOfAts ? 'log.fault' : 'log.aer', device: null };
}
