import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Analysis } from '../../model/analysis.ts';
import { rowAt, rowsOf } from '../../tables/index.ts';
import { CAPTURES } from '../support/capture.ts';
import { analyzeBytes, findingsOf } from '../support/pipeline.ts';
import {
  between,
  eventCount,
  eventName,
  type Inputs,
  renamed,
  reseated,
  withLargerPages,
  without,
} from '../support/transform-capture.ts';

const ALL = readdirSync(CAPTURES)
  .filter((name) => existsSync(join(CAPTURES, name, 'trace.txt')))
  .sort();

function inputsOf(capture: string): Inputs {
  return Object.fromEntries(
    ['trace.txt', 'dmesg.txt'].map((file) => [file, readFileSync(join(CAPTURES, capture, file), 'utf8')]),
  );
}

function mapped(inputs: Inputs, change: (text: string, file: string) => string): Inputs {
  return Object.fromEntries(Object.entries(inputs).map(([file, text]) => [file, change(text, file)]));
}

/** All that an analysis says, in an order that does not depend on addresses. */
function told(analysis: Analysis): string[] {
  const { verdict, sentence } = rowAt(analysis.verdict, 0);
  const evidence = rowsOf(analysis.evidence);
  const findings = findingsOf(analysis, true).map((row) =>
    [
      row.severity,
      row.rule,
      row.function,
      row.generation,
      row.pf,
      row.time_ns,
      row.message,
      row.observed,
      ...evidence.filter((item) => item.finding === row.finding).map((item) => `${item.line} ${item.role}`),
    ].join(' | '),
  );
  const reasons = rowsOf(analysis.verdictReasons).map((row) => `${row.code} ${row.reason}`);
  return [verdict, sentence, ...findings.sort(), ...reasons.sort()];
}

/** Functions named in one sentence stand in the order of their addresses. */
const unordered = (lines: readonly string[]) =>
  lines
    .map((line) =>
      line
        .split(/[\s,();:]+/)
        .sort()
        .join(' '),
    )
    .sort();

const loud = (analysis: Analysis) =>
  new Set(
    findingsOf(analysis)
      .filter((row) => row.severity !== 'note')
      .map((row) => `${row.severity} ${row.rule} ${row.function}`),
  );

/** Each address becomes another one, and each of those comes from one. */
const RENAMINGS: Record<string, (address: string) => string> = {
  'other bus numbers': (address) => address.replace(/:01:/, ':c7:').replace(/:02:/, ':a0:'),
  'another segment': (address) => address.replace(/^0000/, '0001'),
  'other device and function numbers': (address) =>
    address.replace(
      /:01:00\.([0-7])$/,
      (_, fn) => `:01:${['0a', '1f', '02', '13'][Number(fn) % 4]}.${7 - Number(fn)}`,
    ),
  'PF and plain endpoint change places': (address) =>
    address.startsWith('0000:01') ? address.replace(':01:', ':02:') : address.replace(':02:', ':01:'),
};

describe('captures as another machine would have told them', () => {
  for (const capture of ALL) {
    it(`${capture}: the findings follow the addresses, and nothing else changes`, async () => {
      const inputs = inputsOf(capture);
      const plain = told(await analyzeBytes(inputs));
      for (const [what, rename] of Object.entries(RENAMINGS)) {
        const there = told(await analyzeBytes(mapped(inputs, (text) => renamed(text, rename))));
        expect(unordered(there), what).toEqual(unordered(plain.map((line) => renamed(line, rename))));
      }
    });

    it(`${capture}: other tasks and CPUs change who did it, not what was done`, async () => {
      const inputs = inputsOf(capture);
      const labels = loud(await analyzeBytes(inputs));
      const moved = mapped(inputs, (text, file) =>
        file === 'dmesg.txt'
          ? text.replace(
              /\b(CPU: ?|CPU#)(\d+)( (?:UID: 0 )?PID: )(\d+)/g,
              (_, a, cpu, b, pid) => `${a}${Number(cpu) + 130}${b}${Number(pid) + 7000}`,
            )
          : reseated(
              text,
              (_, pid) => (pid === 0 ? '<idle>-0' : `k worker:1-${pid + 7000}`),
              (cpu) => cpu + 130,
            ),
      );
      const analysis = await analyzeBytes(moved);
      expect([...loud(analysis)].sort()).toEqual([...labels].sort());
    });

    it(`${capture}: pages of 64 KiB give the same findings`, async () => {
      const inputs = { 'trace.txt': inputsOf(capture)['trace.txt'] };
      const labels = loud(await analyzeBytes(inputs));
      const analysis = await analyzeBytes(mapped(inputs, (text) => withLargerPages(text, 4)));
      expect([...loud(analysis)].sort()).toEqual([...labels].sort());
    });

    it(`${capture}: a trace that begins late or ends early invents nothing`, async () => {
      const { 'trace.txt': trace } = inputsOf(capture);
      const labels = loud(await analyzeBytes({ 'trace.txt': trace }));
      const count = eventCount(trace);
      for (let step = 1; step < 6; step++) {
        const at = Math.floor((count * step) / 6);
        for (const [from, to] of [
          [at, count],
          [0, at],
        ]) {
          const found = loud(await analyzeBytes({ 'trace.txt': between(trace, from, to) }));
          expect(
            [...found].filter((label) => !labels.has(label)),
            `events ${from} to ${to}`,
          ).toEqual([]);
        }
      }
    });
  }
});

/** What a recording without some of its probes lacks: each function, its entry, its return, and whole groups. */
function dropsOf(trace: string): [string, (name: string) => boolean][] {
  const names = new Set(trace.split('\n').flatMap((line) => eventName(line) ?? []));
  const functions = [...new Set([...names].map((name) => name.replace(/_ret$/, '')))].sort();
  return [
    ...functions.flatMap((name): [string, (name: string) => boolean][] => [
      [name, (other) => other === name || other === `${name}_ret`],
      ...(names.has(name) && names.has(`${name}_ret`)
        ? ([
            [`the entry of ${name}`, (other) => other === name],
            [`the return of ${name}`, (other) => other === `${name}_ret`],
          ] as [string, (name: string) => boolean][])
        : []),
    ]),
    ['all returns', (name) => name.endsWith('_ret')],
    ['all entries that have returns', (name) => names.has(`${name}_ret`)],
    ['all but the ATS functions', (name) => !/^pci_.*_ats/.test(name)],
    ['the trace events', (name) => /^(cache_tag|add_device|remove_device|attach_device)/.test(name)],
    ['the life of devices', (name) => /^(pci_device_add|pci_stop|pci_iov|sriov|pci_ats_init)/.test(name)],
    ['the IOMMU drivers', (name) => name.startsWith('iommu_')],
  ];
}

/** What only one probe can show: without it nothing is known to be wrong, and what it would have shown is listed as unjudged. */
const SHOWN_BY_ONE: Record<string, RegExp> = {
  ucfg_write16: /ATS028|ATS030|ATS012/,
  'all but the ATS functions': /ATS028|ATS030|ATS012/,
};

describe('captures as recordings with fewer probes would have told them', () => {
  for (const capture of ['6.12-s2', '6.12-s3', '7.2-s1', '7.2-s5', '7.2-s6', '7.2-series-s2c']) {
    it(`${capture}: no probe that is missing makes a finding, and none makes a pass of what was wrong`, async () => {
      const { 'trace.txt': trace } = inputsOf(capture);
      const labels = loud(await analyzeBytes({ 'trace.txt': trace }));
      for (const [what, drop] of dropsOf(trace)) {
        const analysis = await analyzeBytes({ 'trace.txt': without(trace, drop) });
        const found = loud(analysis);
        expect(
          [...found].filter((label) => !labels.has(label)),
          `without ${what}`,
        ).toEqual([]);
        const lost = [...labels].filter((label) => !found.has(label) && !SHOWN_BY_ONE[what]?.test(label));
        if (lost.length > 0)
          expect(rowAt(analysis.verdict, 0).verdict, `without ${what}: ${lost}`).not.toBe('pass');
      }
    });
  }
});
