import { formatSeconds } from '../../tables/index.ts';
import { UNKNOWN } from '../events.ts';
import { CORE_EN, CORE_STU, HW_EN, HW_STU } from '../state.ts';
import type { FunctionRecord } from '../topology.ts';
import type { EvidenceItem, RuleContext } from './rule.ts';

/** `-EINVAL`, `0`, `an unrecorded result`. */
export function resultText(result: number): string {
  switch (result) {
    case UNKNOWN:
      return 'an unrecorded result';
    case -22:
      return '-EINVAL';
    case -16:
      return '-EBUSY';
    default:
      return String(result);
  }
}

/** How the device of a WARN is known, since the WARN itself names none. */
export function warnDeviceText(named: boolean): string {
  return named
    ? 'The WARN names no device; its task had just added this one to a group.'
    : 'The WARN names no device.';
}

/** A page shift with its meaning: `page shift 13 (STU 1, 8 KiB)`. */
export function shiftText(pageShift: number): string {
  if (pageShift === UNKNOWN) return 'an unknown page shift';
  if (pageShift === 0) return 'no page shift (0: never prepared nor enabled)';
  if (pageShift < 12 || pageShift > 43) return `page shift ${pageShift}`;
  return `page shift ${pageShift} (STU ${pageShift - 12}, ${sizeText(pageShift)})`;
}

/** The size that a page shift stands for: `4 KiB`. */
export function sizeText(pageShift: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  return `${2 ** (pageShift % 10)} ${units[Math.floor(pageShift / 10)]}`;
}

/** A common time for a sentence: `13.494169 s`, or `an unknown time`. */
function secondsText(time: bigint | null): string {
  if (time === null) return 'an unknown time';
  return `${formatSeconds(time)} s`;
}

/**
 * What register and core hold, and since when, on one line: the two views that a finding sets against each other.
 * @param written a write that is about to take effect, in place of what the register holds.
 */
export function viewsText(
  context: RuleContext,
  fn: FunctionRecord,
  written: { enable: number; stu: number; event: number } | null = null,
): string {
  const { state } = context;
  const part = (name: string, field: number) =>
    state.isKnown(fn.fn, field)
      ? [`${name} ${state.get(fn.fn, field)} since ${secondsText(context.timeOf(state.setBy(fn.fn, field)))}`]
      : [];
  const now = (name: string, value: number, event: number) =>
    value === UNKNOWN ? [] : [`${name} ${value} since ${secondsText(context.timeOf(event))}`];
  const register = written
    ? [...now('Enable', written.enable, written.event), ...now('STU', written.stu, written.event)]
    : [...part('Enable', HW_EN), ...part('STU', HW_STU)];
  // A VF's own page shift stays 0 for life.
  const core = [...part('ats_enabled', CORE_EN), ...(fn.isVf === 1 ? [] : part('page shift', CORE_STU))];
  const text = (parts: readonly string[]) => (parts.length > 0 ? parts.join(', ') : 'not known');
  return `Register: ${text(register)}; core: ${text(core)}.`;
}

/** The other record of a write that both the kernel and the hardware saw. */
export function otherView(context: RuleContext, event: number): EvidenceItem[] {
  return [{ role: 'the same write, seen by the other side', event: context.otherViewOf(event) }];
}

/** Severity of rules about a reset that must have cleared Enable. */
export const KEPT_NOTE =
  'warning where a later read or listing shows Enable still set: not every hardware, or model of it, clears the register';

/** @param event a read that shows Enable after a reset that must have cleared it; -1 when there is none. */
export function keptText(event: number): string {
  return event < 0
    ? ''
    : ' A later look at the register shows Enable still set; PCIe 6.6.2 has a reset clear it.';
}

export function keptEvidence(event: number): EvidenceItem[] {
  return event < 0 ? [] : [{ role: 'the register still has Enable', event }];
}
