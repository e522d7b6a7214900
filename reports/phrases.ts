import { GATE_RULES } from '../model/gate/rules.ts';
import { formatSeconds } from '../tables/index.ts';
import type { EvidenceLine, Family, Finding, Story } from './story.ts';
import { thousands } from './thousands.ts';

/** `25.421342`, or the plain count of a clock that does not count time. */
export function timeNumber(ns: bigint, ticks: boolean): string {
  return ticks ? String(ns) : formatSeconds(ns);
}

/** `25.421342 s`, `tick 2754`, or `time unknown`. */
export function timeText(ns: bigint | null, ticks: boolean): string {
  if (ns === null) return 'time unknown';
  return ticks ? `tick ${ns}` : `${formatSeconds(ns)} s`;
}

/** When a finding showed: on the common time, else on the clock of the source that shows it. */
export function whenOf(finding: Finding): string {
  const own = finding.evidence.findLast((line) => line.source === finding.sourcePath && line.timeNs !== null);
  if (finding.time_ns !== null || !own) return timeText(finding.time_ns, finding.ticks);
  const source = own.source.slice(own.source.lastIndexOf('/') + 1);
  return `${timeText(own.timeNs, finding.ticks)} (clock of ${source})`;
}

/** Since when it has been so, where that is another time; else null. */
export function sinceOf(finding: Finding): string | null {
  if (finding.since_ns === null || finding.since_ns === finding.time_ns) return null;
  return timeText(finding.since_ns, finding.ticks);
}

/** For each path its last part, with as many parts before it as it takes to tell it from the others. */
export function shortNames(paths: readonly string[]): Map<string, string> {
  const distinct = [...new Set(paths)];
  const tail = (path: string, parts: number) => path.split('/').slice(-parts).join('/');
  return new Map(
    distinct.map((path) => {
      let parts = 1;
      const depth = path.split('/').length;
      while (
        parts < depth &&
        distinct.some((other) => other !== path && tail(other, parts) === tail(path, parts))
      )
        parts++;
      return [path, tail(path, parts)];
    }),
  );
}

/** `trace.txt:52` for a line, `trace.dat@0x1a2b` for a byte offset. */
export function placeOf(line: EvidenceLine, names?: ReadonlyMap<string, string>): string {
  const source = names?.get(line.source) ?? line.source;
  return line.line === null ? `${source}@0x${line.offset.toString(16)}` : `${source}:${line.line}`;
}

/** What a finding without a function is about: a device that nothing names, or the recording or the run as a whole. */
export function namelessSubject(finding: Pick<Finding, 'rule' | 'event' | 'evidence'>): string {
  if (GATE_RULES.some((rule) => rule.id === finding.rule)) return 'the suppressions';
  return finding.event === null && finding.evidence.length === 0 ? 'the recording' : 'device not named';
}

/** `VF 0000:01:00.2`, `PF 0000:01:00.0`, `0000:02:00.0`, or that no device is named. */
export function functionName(row: { readonly function: string | null; readonly kind: string }): string {
  if (row.function === null) return 'device not named';
  return row.kind === 'pf' || row.kind === 'vf' ? `${row.kind.toUpperCase()} ${row.function}` : row.function;
}

/** `VF 0000:01:00.2 (VF 1 of PF 0000:01:00.0)`, with the generation where there was more than one. */
export function functionTitle(finding: Finding): string {
  const parts = [];
  if (finding.pf !== null && finding.vfIndex !== null)
    parts.push(`VF ${finding.vfIndex} of PF ${finding.pf}`);
  else if (finding.pf !== null) parts.push(`of PF ${finding.pf}`);
  if (finding.generation !== null && finding.generation > 0) parts.push(`generation ${finding.generation}`);
  const name = finding.function === null ? namelessSubject(finding) : functionName(finding);
  return parts.length > 0 ? `${name} (${parts.join(', ')})` : name;
}

/** `ATS004 vf-enable-stu-mismatch`. */
export function ruleTitle(finding: Finding): string {
  return `${finding.rule} ${finding.name}`;
}

/** `ATS003 on 0000:01:00.2 at 25.601234 s`: how one finding refers to another. */
export function mention(finding: Finding): string {
  const subject = finding.function === null ? '' : ` on ${finding.function}`;
  return `${finding.rule}${subject} at ${whenOf(finding)}`;
}

/** A VF whose PF nothing names stands for itself. */
function isVfAlone(family: Family): boolean {
  return (
    family.members.length > 0 &&
    family.members.every((row) => row.kind === 'vf' && row.function === family.key)
  );
}

/** `PF family 0000:01:00.0`, `Function 0000:02:00.0`, `VF 0000:01:00.1`, or `No device named`. */
export function familyTitle(family: Family): string {
  if (family.key === null)
    return family.findings.every((finding) => namelessSubject(finding) !== 'device not named')
      ? 'The recording as a whole'
      : 'No device named';
  const isFamily = family.members.some((row) => row.kind === 'pf' || row.kind === 'vf');
  if (isVfAlone(family)) return `VF ${family.key}`;
  return isFamily ? `PF family ${family.key}` : `Function ${family.key}`;
}

/** `1 PF, 3 VFs`, counting addresses, not generations. */
export function familySize(family: Family): string {
  const count = (kind: string) =>
    new Set(family.members.filter((row) => row.kind === kind).map((row) => row.function)).size;
  const pfs = count('pf');
  const vfs = count('vf');
  if (pfs + vfs === 0) return '';
  if (isVfAlone(family)) return 'its PF is not known';
  return [
    pfs === 0 ? 'PF not seen' : 'PF',
    vfs === 0 ? 'no VFs seen' : `${vfs} VF${vfs === 1 ? '' : 's'}`,
  ].join(' + ');
}

/** `1,234 records` with the right ending. */
export function counted(count: number | bigint, noun: string, plural = `${noun}s`): string {
  return `${thousands(count)} ${count === 1 || count === 1n ? noun : plural}`;
}

/** Kernel releases the sources name, each once. */
export function kernelsOf(story: Story): string[] {
  return [...new Set(story.sources.flatMap((source) => source.kernel_release ?? []))];
}

/** The sources with what each is; the files about a recording that a bundle holds share a line. */
export function sourceLines(story: Story): { readonly path: string; readonly text: string }[] {
  const lines: { path: string; text: string }[] = [];
  const facts = new Map<string, { path: string; text: string; names: string[] }>();
  for (const source of story.sources) {
    const at = source.path.lastIndexOf(':');
    const isWhole = source.complete && source.unparsed === 0n;
    if (source.format !== 'capture-facts' || at < 0 || !isWhole) {
      lines.push({ path: source.path, text: sourceSummary(story, source) });
      continue;
    }
    const bundle = source.path.slice(0, at);
    const known = facts.get(bundle);
    if (!known) {
      const line = { path: bundle, text: '', names: [source.path.slice(at + 1)] };
      facts.set(bundle, line);
      lines.push(line);
    } else known.names.push(source.path.slice(at + 1));
  }
  for (const line of facts.values()) line.text = `about the recording: ${line.names.join(', ')}`;
  return lines;
}

/** What one source is and how completely it was read. */
function sourceSummary(story: Story, source: Story['sources'][number]): string {
  const losses = story.losses.filter((loss) => loss.source === source.source);
  const ticks = source.time_unit === 'ticks';
  const range =
    source.first_ns === null || source.last_ns === null
      ? null
      : `${timeNumber(source.first_ns, ticks)} .. ${timeNumber(source.last_ns, ticks)} ${ticks ? 'ticks' : 's'}`;
  return [
    source.detail ?? source.format,
    counted(source.records, 'record'),
    range,
    source.clock === null ? null : `clock ${source.clock}`,
    source.unparsed === 0n ? null : `${counted(source.unparsed, 'line')} not understood`,
    losses.length === 0 ? null : counted(losses.length, 'loss', 'losses'),
    source.complete ? null : 'cut in the middle of a record',
  ]
    .filter((part) => part !== null)
    .join(', ');
}
