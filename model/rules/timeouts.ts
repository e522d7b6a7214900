import { type EventKindName, UNKNOWN } from '../events.ts';
import { CORE_EN } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import { NOTE } from './notes.ts';
import type { Rule, RuleContext } from './rule.ts';

/** Requester id of an error whose register read as all ones. */
const ALL_ONES = 0xffff;
/** `pci_power_t` of D3cold (include/linux/pci.h). */
const D3COLD = 4;

/** Steps that take a function away. */
const REMOVING: readonly EventKindName[] = ['device.remove', 'iommu.release'];
const REMOVED: readonly EventKindName[] = ['iommu.group_remove', 'log.group_remove'];

/** Why a function could not answer, whatever its ATS state. */
interface Unreachable {
  readonly why: string;
  readonly role: string;
  readonly event: number;
}

/** A fact about a function, or about its PF, that stood before `event`; null where nobody knows which came first. */
function noted(
  context: RuleContext,
  note: number,
  fn: FunctionRecord,
  event: number,
): { of: FunctionRecord; event: number } | null {
  const pf = context.topology.pfOf(fn);
  for (const of of pf ? [fn, pf] : [fn]) {
    const since = context.recall(of.fn, note);
    if (since !== UNKNOWN && !context.simultaneous(since, event)) return { of, event: since };
  }
  return null;
}

/** What took the device away, the nearest cause first: removal, link down, gone from the bus, D3cold. */
function unreachable(context: RuleContext, fn: FunctionRecord, event: number): Unreachable | null {
  const who = (of: FunctionRecord) => (of === fn ? 'it' : `its PF ${of.address}`);
  const removal = noted(context, NOTE.removal, fn, event);
  if (removal)
    return { why: `${who(removal.of)} was being removed`, role: 'the removal', event: removal.event };
  const down = context.linkDownOf(fn, event);
  if (down >= 0 && !context.simultaneous(down, event))
    return { why: 'the link to it was down', role: 'the link goes down', event: down };
  const gone = noted(context, NOTE.gone, fn, event);
  if (gone)
    return {
      why: `config space of ${who(gone.of)} read as all ones`,
      role: 'config space reads as all ones',
      event: gone.event,
    };
  const power = noted(context, NOTE.power, fn, event);
  if (!power) return null;
  const cold = context.value(power.event, 'index') === D3COLD;
  return {
    why: cold
      ? `${who(power.of)} was in D3cold`
      : `the kernel could not reach ${who(power.of)} to change its power state`,
    role: 'the kernel cannot change its power state',
    event: power.event,
  };
}

/** A read that only a device which is not there answers so: no vendor has this id, and no ATS Control this value. */
function readTells(context: RuleContext, fn: FunctionRecord, event: number): void {
  const value = context.value(event, 'value');
  const where = context.value(event, 'where');
  if (value === UNKNOWN || context.value(event, 'width') === 1) return;
  if ((value & 0xffff) !== 0xffff) {
    context.remember(fn.fn, NOTE.gone, UNKNOWN);
    context.remember(fn.fn, NOTE.power, UNKNOWN);
  } else if (where === 0 || where === fn.capOffset + 6) context.remember(fn.fn, NOTE.gone, event);
}

export const TIMEOUT_RULES: readonly Rule[] = [
  {
    id: 'ATS036',
    name: 'invalidation-timeout',
    severity: 'error',
    layers: ['drv', 'hw'],
    condition:
      'The IOMMU reports that an invalidation was not answered in time, or a CPU is stuck where it waits for the answer.',
    versions:
      'All; the wording differs by driver. SMMUv3 names no device; VT-d may report SID 0, and SID ffff when its registers are gone.',
    meaning:
      'The device did not complete the invalidation: ATS off behind the driver, a reset, a removal, a lost link, D3cold, or a hanging device.',
    fix: 'Look at the causes linked or named here; without one, suspect the device or its link.',
    needs: [['log.timeout']],
    causes: ['ATS030', 'ATS023', 'ATS024', 'ATS034', 'ATS016'],
    references: ['drivers/iommu/intel/dmar.c qi_dump_fault()', 'drivers/iommu/amd/iommu.c', 'PCIe 10.3.1'],
    entries: REMOVING,
    onEnter: (context, _call, fn, event) => context.remember(fn.fn, NOTE.removal, event),
    points: ['log.timeout', 'log.power', 'config.read', ...REMOVED],
    once: 'generation',
    tellsCount: true,
    onPoint(context, kind, fn, event) {
      if (kind === 'log.timeout') return timedOut(context, fn, event);
      if (!fn) return;
      if (kind === 'config.read') readTells(context, fn, event);
      else if (kind === 'log.power') context.remember(fn.fn, NOTE.power, event);
      else context.remember(fn.fn, NOTE.removal, event);
    },
  },
];

function timedOut(context: RuleContext, fn: FunctionRecord | null, event: number): void {
  const stuck = context.symbolAt(event);
  const isGone = fn === null && context.requesterAt(event) === ALL_ONES;
  const lost = fn ? unreachable(context, fn, event) : null;
  // What the kernel says stands, even where nothing tells whether the core had changed its mind before or after.
  const belief = fn ? context.because(fn.fn, CORE_EN, 'belief of the core') : [];
  context.fire('ATS036', {
    fn: fn?.fn ?? null,
    event,
    severity: isGone ? 'warning' : undefined,
    message: fn
      ? `${fn.address} did not answer a device-TLB invalidation in time${lost ? `: ${lost.why}` : ''}.`
      : stuck
        ? `A CPU went no further while it waited in ${stuck}() for a device to answer an invalidation; the report names no device.`
        : isGone
          ? 'The IOMMU reports an invalidation time-out with all bits of its register set: its registers were gone, or read as if they were.'
          : 'A device did not answer an invalidation in time; the message names none.',
    expected: 'Every invalidation is completed in time.',
    observed: stuck ? `A CPU is stuck in ${stuck}().` : 'The IOMMU reported a time-out.',
    evidence: [
      ...(lost ? [{ role: lost.role, event: lost.event }] : []),
      ...belief.filter((item) => !context.simultaneous(item.event, event)),
      { role: 'the time-out', event },
    ],
    key: stuck ?? (isGone ? 'all ones' : undefined),
  });
}
