import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { kernelLog } from '../../../ingest/kernel-log/index.ts';
import { type Recorded, Recording, type SourceRecording } from '../../../ingest/recording.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { formatSeconds, rowsOf } from '../../../tables/index.ts';

export const FIXTURES = fileURLToPath(new URL('../../fixtures/kernel-log/', import.meta.url));
const EXPECTED = '=== expected\n';
const LOG = '=== log\n';

/** A golden case: a header of `name: value` lines, what must come out of the log, and the log. */
export interface Case {
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
  readonly expected: string;
  readonly log: Buffer;
}

export interface Decoded {
  readonly out: SourceRecording;
  readonly tables: Recorded;
}

export async function decodeLog(log: Uint8Array, chunkSize = 65536): Promise<Decoded> {
  const recording = new Recording();
  const out = recording.addSource('log', kernelLog.id, log.length);
  const source = new MemorySource('log', log);
  await kernelLog.decode(source, out, { needs: { wants: () => false }, chunkSize });
  return { out, tables: recording.finish() };
}

/** Sum of the byte buckets. */
export function accounted(out: SourceRecording): number {
  return Object.values(out.bytes).reduce((sum, bytes) => sum + bytes, 0);
}

function readCase(name: string): Case {
  const text = readFileSync(`${FIXTURES}${name}.txt`, 'latin1');
  const expectedAt = text.indexOf(EXPECTED);
  const logAt = text.indexOf(LOG, expectedAt);
  const options = new Map(
    text
      .slice(0, expectedAt)
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  let log = text.slice(logAt + LOG.length);
  if (options.get('escapes') === 'yes') {
    log = log.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  if (options.get('line-end') === 'crlf') log = log.replaceAll('\n', '\r\n');
  const expected = Buffer.from(text.slice(expectedAt + EXPECTED.length, logAt), 'latin1').toString('utf8');
  return { name, options, expected, log: Buffer.from(log, 'latin1') };
}

export function readCases(): readonly Case[] {
  return readdirSync(FIXTURES)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => readCase(file.slice(0, -4)));
}

/** Rewrites what is expected of a case and keeps its header and log as they are. */
export function writeExpected(name: string, expected: string): void {
  const path = `${FIXTURES}${name}.txt`;
  const file = readFileSync(path);
  const expectedAt = file.indexOf(EXPECTED) + EXPECTED.length;
  const logAt = file.indexOf(LOG, expectedAt);
  writeFileSync(
    path,
    Buffer.concat([file.subarray(0, expectedAt), Buffer.from(expected), file.subarray(logAt)]),
  );
}

function optional(label: string, value: unknown): string {
  return value === null ? '' : ` ${label}=${value}`;
}

function timeText(ns: bigint | null): string {
  return ns === null ? '-' : formatSeconds(ns);
}

export function recordLines(tables: Recorded): string[] {
  return rowsOf(tables.logRecords).map((row) => {
    const place = `${row.offset}+${row.length} line ${row.line}`;
    const names = `${optional('level', row.level)}${optional('facility', row.facility)}${optional('caller', row.caller)}${optional('device', row.device)}${optional('driver', row.driver)}`;
    return `record ${row.seq} at ${place} boot ${row.boot} ${row.time_kind} ${timeText(row.time_ns)}${names}: ${JSON.stringify(row.message)}`;
  });
}

export function splatLines(tables: Recorded): string[] {
  const frames = rowsOf(tables.splatFrames);
  return rowsOf(tables.splats).flatMap((row) => {
    const where = `${optional('file', row.file)}${optional('line', row.file_line)}${optional('symbol', row.symbol)}${optional('offset', row.symbol_offset)}${optional('module', row.module)}`;
    const who = `${optional('cpu', row.cpu)}${optional('pid', row.pid)}${optional('uid', row.uid)}${optional('comm', row.comm)}${optional('taint', row.taint)}${optional('release', row.kernel_release)}${optional('hardware', row.hardware)}`;
    const range = `records ${row.first_seq} to ${row.last_seq} ${row.complete ? 'complete' : 'cut'}`;
    const trace = frames
      .filter((frame) => frame.splat === row.splat)
      .map((frame) => {
        const offset = frame.symbol_offset === null ? '' : `+0x${frame.symbol_offset.toString(16)}`;
        return `  ${frame.reliable ? '' : '? '}${frame.symbol}${offset}${frame.module === null ? '' : ` [${frame.module}]`}`;
      });
    return [
      `splat ${row.splat} ${row.kind} boot ${row.boot} ${timeText(row.time_ns)} line ${row.line} ${range}: ${row.title}`,
      ` ${where}`,
      ` ${who}`,
      ...trace,
    ];
  });
}

/** All that a log gave, as text that a person can check. */
export function describeLog({ out, tables }: Decoded): string {
  const bytes = Object.entries(out.bytes).map(([bucket, count]) => `${bucket} ${count}`);
  const notes = rowsOf(tables.importLog).map(
    (row) => `note ${row.severity} ${row.code} line ${row.line} times ${row.count}: ${row.message}`,
  );
  const losses = rowsOf(tables.losses).map(
    (row) =>
      `loss ${row.kind} count ${row.count} before record ${row.seq} line ${row.line} from ${timeText(row.from_ns)} to ${timeText(row.to_ns)}: ${row.message}`,
  );
  return `${[
    `source ${out.detail}; clock ${out.clock}; release ${out.kernelRelease}; precision ${out.precisionNs}; ${timeText(out.firstNs)} to ${timeText(out.lastNs)}; complete ${out.complete}`,
    `bytes ${bytes.join(' ')}; unparsed lines ${out.unparsed}`,
    ...recordLines(tables),
    ...splatLines(tables),
    ...losses,
    ...notes,
  ].join('\n')}\n`;
}
