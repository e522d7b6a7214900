import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quote } from '../../../ingest/quote.ts';
import { readSources } from '../../../ingest/read.ts';
import { Recording } from '../../../ingest/recording.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { openTraceFile } from '../../../ingest/trace-dat/container.ts';
import { Excerpts } from '../../../ingest/trace-dat/index.ts';
import { allRows, byteSum, decode, eventLines, report } from './helpers.ts';
import { type WrittenTrace, writeTrace } from './writer.ts';

const folder = join(import.meta.dirname, '../../fixtures/trace-dat');
const files = readdirSync(folder).filter((name) => name.endsWith('.dat'));

function load(name: string): { bytes: Uint8Array; golden: string[] } {
  return {
    bytes: new Uint8Array(readFileSync(join(folder, name))),
    golden: eventLines(readFileSync(join(folder, name.replace('.dat', '.report.txt')), 'utf8')),
  };
}

const TIME = /^(.*?-\d+ +\[\d+\] \S+ +)(\d+)\.(\d{9}):/;

/** Rounds the time of a line to microseconds, as a report without -t prints it. */
function inMicroseconds(line: string): string {
  return line.replace(TIME, (_, head: string, seconds: string, nanoseconds: string) => {
    const us = (BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) + 500n) / 1000n;
    return `${head}${us / 1_000_000n}.${String(us % 1_000_000n).padStart(6, '0')}:`;
  });
}

/** Task, CPU, time and event: what all versions of trace-cmd print alike. */
function headOf(line: string): string {
  const match = /^(.*?-\d+ +\[\d+\])(?: \S{5})? +(\d+\.\d+): (\S+)/.exec(line);
  return match ? `${match[1]} ${match[2]} ${match[3]}` : line;
}

describe.each(files)('%s', (name) => {
  const { bytes, golden } = load(name);

  it('reads like trace-cmd report', async () => {
    const lines = (await report(bytes)).map(inMicroseconds).map((line) => line.replace(/\n+$/, ''));
    expect(lines).toEqual(golden);
  });

  it('gives every event a row and every byte a bucket', async () => {
    const decoded = await decode(bytes);
    const rows = allRows(decoded);
    expect(rows.length).toBe(decoded.out.records);
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_, i) => i));
    expect(byteSum(decoded)).toBe(bytes.length);
    expect(decoded.out.bytes.unparsed).toBe(0);
    expect(decoded.recorded.importLog.length).toBe(0);
  });

  it('finds the line of every row again, as often as asked', async () => {
    const source = new MemorySource(name, bytes);
    const inputs = await readSources([source], { needs: { wants: () => true } });
    const rows = allRows(inputs);
    const places = rows.map((row) => ({
      source: 0,
      seq: row.seq as number,
      offset: Number(row.offset),
      length: row.length as number,
      timeNs: row.time_ns as bigint,
      comm: row.comm as string,
    }));
    const quoted = await quote(inputs, [...places, ...places]);
    const first = quoted.slice(0, places.length);
    expect(quoted.slice(places.length)).toEqual(first);
    // A leaf of a call graph takes the line of its return with it, which then has none of its own in a report.
    const lines = new Set(await report(bytes));
    const missing = rows.filter(({ event }, i) => event !== 'funcgraph_exit' && !lines.has(first[i]));
    expect(missing).toEqual([]);
    if (lines.size === rows.length) expect(first).toEqual([...lines]);
    expect(new Set(first).size).toBe(rows.length);
  });

  it('decodes the same with small reads', async () => {
    const whole = allRows(await decode(bytes));
    expect(allRows(await decode(bytes, () => true, 1))).toEqual(whole);
  });

  it.skipIf(spawnSync('trace-cmd', ['--version']).error)('agrees with an installed trace-cmd', async () => {
    const live = spawnSync('trace-cmd', ['report', '-t', '-i', join(folder, name)], { encoding: 'utf8' });
    // A trace-cmd without zlib or zstd cannot read the file.
    if (live.status !== 0 || !live.stdout) return;
    expect((await report(bytes)).map(headOf)).toEqual(eventLines(live.stdout).map(headOf));
  });
});

describe('the same trace in other containers', () => {
  const { bytes } = load('series-s2c.zstd.dat');
  const variants: [string, Partial<WrittenTrace>][] = [
    ['version 6', { version: 6 }],
    ['version 7, none', { compression: 'none' }],
    ['version 7, zlib', { compression: 'zlib' }],
    ['version 7, zstd, a page per chunk', { compression: 'zstd', chunkPages: 1 }],
    ['version 7, zstd, as trace-cmd 3.1 counts', { compression: 'zstd', sizeWithoutCount: true }],
    ['version 7, zlib, as trace-cmd 3.1 counts', { compression: 'zlib', sizeWithoutCount: true }],
  ];

  it.each(variants)('%s', async (_, variant) => {
    const source = new MemorySource('s2c', bytes);
    const out = new Recording().addSource('s2c', 'trace-dat', bytes.length);
    const { file, unpack } = await openTraceFile(source, out);
    const text = (blob: Uint8Array | null) => Buffer.from(blob ?? []).toString('latin1');
    const used = new Set((await decode(bytes)).out.eventCounts.keys());
    const formats = file.formats.map(({ system, text: blob }) => ({ system, text: text(blob) }));
    const kept = formats.filter(({ text: source }) => used.has(/^name: (\S+)/.exec(source)?.[1] ?? ''));
    const pages = (extent: { offset: number; size: number }) => {
      const view = Buffer.from(bytes.subarray(extent.offset, extent.offset + extent.size));
      const all: Uint8Array[] = [];
      let at = 4;
      for (let chunk = 0; chunk < view.readUInt32LE(0); chunk++) {
        const packed = view.readUInt32LE(at);
        const unpacked = unpack(view.subarray(at + 8, at + 8 + packed), view.readUInt32LE(at + 4));
        for (let page = 0; unpacked && page < unpacked.length; page += 4096)
          all.push(unpacked.slice(page, page + 4096));
        at += 8 + packed;
      }
      return all;
    };
    const addresses = new Set(text(file.kallsyms).split('\n'));
    const rewritten = writeTrace({
      version: 7,
      ftraceFormats: kept.filter(({ system }) => system === 'ftrace').map(({ text: source }) => source),
      systems: [...new Set(kept.map(({ system }) => system))]
        .filter((system) => system !== 'ftrace')
        .map((system) => ({
          name: system,
          formats: kept.filter((one) => one.system === system).map(({ text: source }) => source),
        })),
      kallsyms: [...addresses].filter((line) => / (pci_|iommu_|tracing_mark)/.test(line)).join('\n'),
      cmdlines: text(file.cmdlines),
      printk: text(file.printkFormats),
      buffers: file.buffers.map(({ name, cpus }) => ({
        name,
        cpus: cpus.map((extent) => ({ cpu: extent.cpu, pages: [], raw: pages(extent) })),
      })),
      ...variant,
    });
    const plain = await Excerpts.open(source);
    const expected: string[] = [];
    await plain.report((line) => expected.push(line));
    expect(await report(rewritten)).toEqual(expected);
    const decoded = await decode(rewritten);
    expect(decoded.out.records).toBe(expected.length);
    expect(byteSum(decoded)).toBe(rewritten.length);
    expect(decoded.out.bytes.unparsed).toBe(0);
  });
});
