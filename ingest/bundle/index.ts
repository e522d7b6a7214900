import { detectFormat } from '../detect.ts';
import type { Format } from '../format.ts';
import { InputError } from '../input-error.ts';
import type { Recording, SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { plainName } from '../unpack.ts';
import { type Facts, newFacts } from './facts.ts';
import { captureFacts, FACT_MEMBERS, notUsed } from './formats.ts';
import { Bundle, BundleMember } from './member.ts';
import { isTar, readTar, type TarEntry } from './tar.ts';

/**
 * The sources of an input: its members for a tar, else the input itself. Traces come first and facts about the capture
 * last, because the first recording gives the common time.
 * @throws InputError for a tar that is damaged or has no file.
 */
export async function expandInput(source: ByteSource): Promise<ByteSource[]> {
  try {
    return isTar(source) ? await membersOf(source) : [source];
  } catch (error) {
    source.close();
    throw error;
  }
}

async function membersOf(source: ByteSource): Promise<ByteSource[]> {
  const entries = readTar(source).filter((entry) => entry.size > 0);
  if (entries.length === 0) {
    throw new InputError(`${source.path}: this tar has no file with content. Pack the capture again.`);
  }
  const bundle = new Bundle(source, newFacts());
  const members = entries
    .map((entry, i) => ({ entry, i }))
    .sort((a, b) => rankOf(a.entry) - rankOf(b.entry) || a.i - b.i)
    .map(({ entry }) => bundle.member(entry));
  for (const member of members) await member.unpack();
  return members;
}

function rankOf({ name }: TarEntry): number {
  const base = baseOf(name);
  if (isFact(name)) return 3;
  if (/trace/.test(base)) return 0;
  return /kmsg|dmesg|log/.test(base) ? 1 : 2;
}

function isFact(name: string): boolean {
  return FACT_MEMBERS.has(baseOf(name));
}

/** The name of a member without its directory, and without what tells that it is packed. */
function baseOf(name: string): string {
  return plainName(name.slice(name.lastIndexOf('/') + 1));
}

/**
 * The format of a member that is not to be detected like an input of its own; null for every other source. A member
 * that nothing can read does not make the whole bundle unreadable.
 */
export function formatOfMember(source: ByteSource): Format | null {
  if (!(source instanceof BundleMember)) return null;
  if (isFact(source.name)) return captureFacts;
  try {
    return detectFormat(source).format;
  } catch (error) {
    if (error instanceof InputError) return notUsed;
    throw error;
  }
}

/** Tells the recordings of each bundle what its facts say: the kernel, the clock, what was lost, what was not observed. */
export function applyFacts(sources: readonly ByteSource[], recording: Recording): void {
  const bundles = new Map<Bundle, SourceRecording[]>();
  sources.forEach((source, i) => {
    if (source instanceof BundleMember) {
      bundles.set(source.bundle, [...(bundles.get(source.bundle) ?? []), recording.sources[i]]);
    }
  });
  for (const [bundle, members] of bundles) settle(bundle, members);
}

function settle({ archive, facts }: Bundle, members: readonly SourceRecording[]): void {
  const recordings = members.filter(
    (member) => member.format !== captureFacts.id && member.format !== notUsed.id,
  );
  if (recordings.length === 0) {
    throw new InputError(
      `${archive.path}: no file in this tar is a recording. It should hold a trace or a kernel log; see docs/capturing.md.`,
    );
  }
  for (const member of recordings) member.kernelRelease ??= facts.kernelRelease;
  for (const member of recordings) member.taken ??= takenOf(member);
  const traces = recordings.filter(
    (member) => member.format === 'ftrace-text' || member.format === 'trace-dat',
  );
  // `trace-cmd extract` writes the clock of the main buffer, whatever that of the instance is.
  for (const trace of traces) trace.clock = facts.clock ?? trace.clock;
  const trace = traces[0] ?? recordings[0];
  noteProbes(facts, trace);
  listProbes(facts, trace);
  noteLosses(facts, trace);
}

const ENDS: Readonly<Record<string, string>> = { p: 'entry', r: 'return', e: 'event' };

/** What the capture set out to observe, for the model and for SQL. */
function listProbes({ probes, missed }: Facts, out: SourceRecording): void {
  const misses = new Map(missed.map((probe) => [probe.event, probe.misses]));
  for (const { fate, kind, event, symbol, level, text } of probes) {
    out.probe({
      fate,
      kind: ENDS[kind] ?? kind,
      event,
      symbol: kind === 'e' ? null : symbol,
      level,
      text,
      left_out: fate === 'off' ? (/--without (\S+)/.exec(text)?.[1] ?? null) : null,
      missed: BigInt(misses.get(event) ?? 0),
    });
  }
}

/** The kit lists the hardware when the recording begins and when it ends. */
function takenOf({ format, path }: SourceRecording): 'before' | 'after' | null {
  const when = format === 'lspci' ? /(?:^|[:/])lspci-(before|after)\.txt$/.exec(path)?.[1] : undefined;
  return when === 'before' || when === 'after' ? when : null;
}

/** What was not observed, and why: a reader who misses an event finds the reason in the import log. */
function noteProbes({ probes, complete }: Facts, out: SourceRecording): void {
  const ofFate = (fate: string) => probes.filter((probe) => probe.fate === fate);
  const refused = ofFate('refused');
  if (refused.length > 0) {
    const list = refused.map((probe) => `${probe.event} (${probe.text})`).join('; ');
    out.note('warning', 'probes-refused', null, `the kernel refused ${refused.length} probes: ${list}`);
  }
  const missing = ofFate('missing');
  if (missing.length > 0) {
    const list = missing.map((probe) => probe.event).join(', ');
    out.note('info', 'probes-missing', null, `this kernel has no such function or trace event: ${list}`);
  }
  const off = ofFate('off');
  if (off.length > 0) {
    const list = [...new Set(off.map((probe) => /--without (\S+)/.exec(probe.text)?.[1] ?? probe.event))];
    out.note('info', 'probes-left-out', null, `not recorded, as the capture was asked: --without ${list}`);
  }
  const poor = probes.filter(
    (probe) => probe.fate === 'installed' && /^(pointer|result|bare)$/.test(probe.level),
  );
  // A return needs no name where the entry of the same call has one.
  const named = new Set(
    probes
      .filter((probe) => probe.fate === 'installed' && probe.kind === 'p' && !poor.includes(probe))
      .map((probe) => probe.symbol),
  );
  const unnamed = poor.filter(
    (probe) =>
      probe.kind !== 'e' && probe.symbol !== '__warn' && !(probe.kind === 'r' && named.has(probe.symbol)),
  );
  if (unnamed.length > 0) {
    const list = unnamed.map((probe) => probe.event).join(', ');
    out.note('warning', 'probes-without-names', null, `the kernel gave these no device name: ${list}`);
  }
  if (!complete)
    out.note('error', 'capture-incomplete', null, 'the kit could not save everything it recorded');
}

/** Losses the recording itself cannot show. When they happened is not known, so they stand at its end. */
function noteLosses({ losses, missed, complete }: Facts, out: SourceRecording): void {
  const add = (kind: string, cpu: number | null, count: number | null, message: string) =>
    out.loss({
      kind,
      cpu,
      count: count === null ? null : BigInt(count),
      seq: out.records,
      from_ns: out.lastNs,
      to_ns: null,
      offset: BigInt(out.size),
      line: null,
      message,
    });
  for (const { cpu, dropped } of losses) {
    if (dropped > 0) add('dropped', cpu, dropped, `CPU ${cpu} dropped ${dropped} events (its stats say so)`);
  }
  for (const { event, misses } of missed) {
    if (misses > 0) add('lost', null, misses, `the probe ${event} could not run ${misses} times`);
  }
  if (!complete) add('cut', null, null, 'the kit could not save everything it recorded');
}
