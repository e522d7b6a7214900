import type { Alternative, ProbeRow } from './probes.ts';

/** What a kernel lets probes fetch. */
export interface ProbeSyntax {
  /** Arguments by name: CONFIG_PROBE_EVENTS_BTF_ARGS, 6.6 (Documentation/trace/kprobetrace.rst). */
  readonly byName: boolean;
  /** Arguments of the function in return probes: 6.9. */
  readonly inReturns: boolean;
}

/** @returns null for a text that does not begin with a kernel version. */
export function syntaxOf(release: string): ProbeSyntax | null {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (!match) return null;
  const version = Number(match[1]) * 1000 + Number(match[2]);
  return { byName: version >= 6006, inReturns: version >= 6009 };
}

/** The definition that a kernel of this syntax most likely takes; null when it takes none. */
export function pickAlternative(row: ProbeRow, syntax: ProbeSyntax): Alternative | null {
  const isFit = ({ level, arguments: text }: Alternative) => {
    if (level === 'bare' || level === 'result') return true;
    if (row.isReturn && !syntax.inReturns) return false;
    if (level === 'full' || level === 'name') return syntax.byName;
    // The offset of the device in a PCI function is not known here; that of the name in a device is always 0.
    return !text.includes('+@');
  };
  return row.alternatives.find(isFit) ?? null;
}

/** A line for tracefs' kprobe_events. Ten calls of a function may wait for their return at the same time. */
export function kprobeLine(row: ProbeRow, alternative: Alternative, group: string): string {
  const head = `${row.isReturn ? 'r10' : 'p'}:${group}/${row.name} ${row.known.symbol}`;
  return alternative.arguments === '' ? head : `${head} ${alternative.arguments}`;
}
