import { EXTENDED_IDS } from './config-space.ts';
import type { FactName, Facts, Reading } from './facts.ts';

/** How a printed value becomes a fact. */
interface Field {
  readonly name: FactName;
  /** The one group is the value. White space in it stands for any, because mailers wrap lines. */
  readonly pattern: RegExp;
  readonly kind: 'flag' | 'hex' | 'decimal';
}

interface Capability {
  readonly id: number;
  readonly offset: 'ats_cap_offset' | 'pasid_cap_offset' | 'pri_cap_offset' | 'sriov_cap_offset';
  readonly title: string;
  readonly fields: readonly Field[];
}

function flag(name: FactName, pattern: RegExp): Field {
  return { name, pattern, kind: 'flag' };
}

function hex(name: FactName, pattern: RegExp): Field {
  return { name, pattern, kind: 'hex' };
}

function decimal(name: FactName, pattern: RegExp): Field {
  return { name, pattern, kind: 'decimal' };
}

/** pciutils ls-ecaps.c cap_ats, cap_pasid, cap_pri, cap_sriov. Some fields are printed in hex without a prefix. */
const CAPABILITIES: readonly Capability[] = [
  {
    id: EXTENDED_IDS.ats,
    offset: 'ats_cap_offset',
    title: 'Address Translation Service (ATS)',
    fields: [
      hex('ats_queue_depth', /ATSCap: Invalidate Queue Depth: ([0-9a-f]{2})\b/),
      flag('ats_enable', /ATSCtl: Enable([+-])/),
      hex('ats_stu', /ATSCtl: Enable[+-], Smallest Translation Unit: ([0-9a-f]{2})\b/),
    ],
  },
  {
    id: EXTENDED_IDS.pasid,
    offset: 'pasid_cap_offset',
    title: 'Process Address Space ID (PASID)',
    fields: [
      flag('pasid_exec_supported', /PASIDCap: Exec([+-])/),
      flag('pasid_priv_supported', /PASIDCap: Exec[+-] Priv([+-])/),
      hex('pasid_width', /Max PASID Width: ([0-9a-f]{2})\b/),
      flag('pasid_enable', /PASIDCtl: Enable([+-])/),
      flag('pasid_exec', /PASIDCtl: Enable[+-] Exec([+-])/),
      flag('pasid_priv', /PASIDCtl: Enable[+-] Exec[+-] Priv([+-])/),
    ],
  },
  {
    id: EXTENDED_IDS.pri,
    offset: 'pri_cap_offset',
    title: 'Page Request Interface (PRI)',
    fields: [
      flag('pri_enable', /PRICtl: Enable([+-])/),
      flag('pri_reset', /PRICtl: Enable[+-] Reset([+-])/),
      flag('pri_response_failure', /PRISta: RF([+-])/),
      flag('pri_unexpected_index', /PRISta: RF[+-] UPRGI([+-])/),
      flag('pri_stopped', /PRISta: RF[+-] UPRGI[+-] Stopped([+-])/),
      flag('pri_pasid_required', /PRISta: RF[+-] UPRGI[+-] Stopped[+-] PASID([+-])/),
      hex('pri_capacity', /Page Request Capacity: ([0-9a-f]{8})\b/),
      hex('pri_allocation', /Page Request Allocation: ([0-9a-f]{8})\b/),
    ],
  },
  {
    id: EXTENDED_IDS.sriov,
    offset: 'sriov_cap_offset',
    title: 'Single Root I/O Virtualization (SR-IOV)',
    fields: [
      flag('sriov_vf_enable', /IOVCtl: Enable([+-])/),
      decimal('sriov_initial_vfs', /Initial VFs: (\d{1,5})\b/),
      decimal('sriov_total_vfs', /Total VFs: (\d{1,5})\b/),
      decimal('sriov_num_vfs', /Number of VFs: (\d{1,5})\b/),
      decimal('sriov_offset', /VF offset: (\d{1,5})\b/),
      decimal('sriov_stride', /VF offset: \d{1,5}, stride: (\d{1,5})\b/),
      hex('sriov_vf_device', /Device ID: ([0-9a-f]{4})\b/),
    ],
  },
];

const HEAD = /^([0-9a-f]{2,3})(?: v\d+)?\] /;
/** How versions of pciutils print a capability they do not know. */
const UNKNOWN_TITLE = /^(?:#([0-9a-f]{2,4})|Extended Capability ID 0x([0-9a-f]{1,4}))\b/;
const EXTENDED = 0x100;

/** What the text of a function says of its capabilities (`lspci -v` and more), wherever its lines are broken. */
export function readCapabilityText(text: string): Reading {
  const facts: Facts = {};
  let extended = 0;
  const parts = text.replace(/\s+/g, ' ').split('Capabilities: [');
  for (const part of parts.slice(1)) {
    const head = HEAD.exec(part);
    if (!head) continue;
    const offset = Number.parseInt(head[1], 16);
    if (offset < EXTENDED) continue;
    extended++;
    const body = part.slice(head[0].length);
    const capability = capabilityOf(body);
    if (!capability || facts[capability.offset] !== undefined) continue;
    facts[capability.offset] = offset;
    for (const field of capability.fields) readField(field, body, facts);
  }
  return { facts, whole: extended > 0 && !text.includes('<chain looped>') };
}

function capabilityOf(body: string): Capability | null {
  const unknown = UNKNOWN_TITLE.exec(body);
  if (unknown) {
    const id = Number.parseInt(unknown[1] ?? unknown[2], 16);
    return CAPABILITIES.find((capability) => capability.id === id) ?? null;
  }
  return CAPABILITIES.find((capability) => body.startsWith(capability.title)) ?? null;
}

function readField({ name, pattern, kind }: Field, body: string, facts: Facts): void {
  const match = pattern.exec(body);
  if (!match) return;
  const value = kind === 'flag' ? match[1] === '+' : Number.parseInt(match[1], kind === 'hex' ? 16 : 10);
  if (typeof value === 'number' && kind === 'decimal' && value > 0xffff) return;
  Object.assign(facts, { [name]: value });
}
