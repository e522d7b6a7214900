import { kernelLog } from '../kernel-log/index.ts';
import { isRecord } from '../kernel-log/sniff.ts';
import { lspci } from '../lspci/index.ts';
import { cleanLine, readLine } from '../lspci/line.ts';
import type { Range } from '../recording.ts';
import { type ByteSource, headOf } from '../source.ts';
import { SharedSource } from './section-source.ts';

/** Larger inputs are no pastes. */
const LARGEST = 1 << 26;
/** Every capability of a listing begins with this, and no message of a kernel does. */
const CAPABILITY = Buffer.from('Capabilities: [');
const LONGEST = 512;
/** A line shorter than this was not broken by a mailer. */
const WRAP_WIDTH = 60;
const CLASS_AND_DEVICE = /^\S.{0,200}?: \S/;
/** What a kernel prints of a fault, with or without times. */
const SPLAT =
  /-\[ cut here \]-|\bWARNING: (?:CPU: \d|\S+:\d+ at )|\bCall [Tt]race:|\bOops: |\bBUG: |Kernel panic - not syncing/;
/** As many records make a log. */
const FEWEST_RECORDS = 2;

/** Where listings stand in a text, and whether the rest is a kernel log. */
interface Split {
  readonly listings: readonly Range[];
  readonly rest: readonly Range[];
  readonly isLog: boolean;
}

/**
 * Takes an input apart that has both a kernel log and listings of the hardware, as bug reports do. Each part is read by its
 * own format.
 * @returns null for an input that is not mixed.
 */
export function splitMixed(source: ByteSource): ByteSource[] | null {
  if (source.size === 0 || source.size > LARGEST) return null;
  if (headOf(source, LONGEST).includes(0)) return null;
  if (!contains(source, CAPABILITY)) return null;
  const bytes = Buffer.alloc(source.size);
  const text = bytes.subarray(0, source.read(0, bytes));
  const { listings, rest, isLog } = split(text);
  if (listings.length === 0 || !isLog) return null;
  const shared = new SharedSource(source);
  return [shared.section(kernelLog, rest), shared.section(lspci, listings)];
}

/** Bytes of a look: most inputs hold no listing, and need not be in memory as a whole to tell. */
const WINDOW = 262_144;

function contains(source: ByteSource, wanted: Buffer): boolean {
  if (source.size < wanted.length) return false;
  const window = Buffer.alloc(Math.min(source.size, WINDOW));
  for (let at = 0; at < source.size; at += window.length - wanted.length + 1) {
    const got = source.read(at, window);
    if (window.subarray(0, got).includes(wanted)) return true;
    if (got < window.length) return false;
  }
  return false;
}

function split(text: Buffer): Split {
  const listings: Range[] = [];
  const rest: Range[] = [];
  let records = 0;
  let splats = 0;
  let section: { start: number; capabilities: number } | null = null;
  let open = 0;
  /** Length of the line before within a section; 0 where nothing can be wrapped off it. */
  let before = 0;
  const close = (at: number) => {
    if (section && section.capabilities > 0) {
      if (section.start > open) rest.push({ start: open, end: section.start });
      listings.push({ start: section.start, end: at });
      open = at;
    }
    section = null;
  };
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf(10, start);
    if (end < 0) end = text.length - 1;
    const raw = text.toString('latin1', start, Math.min(end, start + LONGEST)).replace(/\r$/, '');
    const isHeaded = isRecord(text, start, end);
    const line = isHeaded ? null : readLine(cleanLine(raw));
    if (line?.kind === 'function' && CLASS_AND_DEVICE.test(line.rest)) section ??= { start, capabilities: 0 };
    else if (section) {
      const isBelow =
        line !== null &&
        (line.kind === 'indented' ||
          line.kind === 'hex' ||
          line.kind === 'blank' ||
          line.kind === 'function' ||
          (line.kind === 'other' && before >= WRAP_WIDTH));
      if (!isBelow) close(start);
      else if (line.kind === 'indented' && line.text.startsWith('Capabilities: ')) section.capabilities++;
    }
    if (!section) {
      if (isHeaded) records++;
      else if (SPLAT.test(raw)) splats++;
    }
    before = line?.kind === 'blank' || line?.kind === 'other' ? 0 : raw.length;
    start = end + 1;
  }
  close(text.length);
  if (open < text.length) rest.push({ start: open, end: text.length });
  return { listings, rest, isLog: records >= FEWEST_RECORDS || splats > 0 };
}
