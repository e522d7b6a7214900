import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toDataset } from '../../cli/ingest-targets.ts';
import { recordedCapture } from '../../cli/query-inputs.ts';
import { ask, type Parameters } from '../../queries/answer.ts';
import { namedQuery, QUERY_NAMES } from '../../queries/catalog.ts';
import { DATASET_MARK, openDataset } from '../../queries/dataset.ts';
import type { Engine } from '../../queries/engine.ts';
import { textRows } from '../../queries/values.ts';
import { captureInputs } from '../support/capture.ts';

let folder: string;
let dataset: string;
let engine: Engine;
const ids: string[] = [];

const LABELS: Readonly<Record<string, readonly string[]>> = {
  '6.12-s1': ['board=a', 'date=2026-03-02'],
  '6.12-s2': ['board=b', 'date=2026-03-04'],
  '7.2-s1': ['board=a', 'date=2026-03-10'],
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'atscope-fleet-'));
  dataset = join(folder, 'fleet');
  for (const [name, label] of Object.entries(LABELS)) {
    const capture = await recordedCapture(captureInputs(name), { label });
    ids.push(capture.id);
    await toDataset(dataset, capture, false, {});
  }
  engine = await openDataset(dataset);
}, 60_000);
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true });
});

function rows(sql: string, parameters: Parameters = {}): Promise<(string | null)[][]> {
  return ask(engine, sql, { parameters }, async (answer) => {
    const all: (string | null)[][] = [answer.columns.map((column) => column.name)];
    for await (const chunk of answer.chunks) all.push(...textRows(chunk));
    return all;
  });
}

/** The values that a query's parameters have when nobody gives them. */
function fallbacks(name: string): Parameters {
  return Object.fromEntries(namedQuery(name).parameters.map((field) => [field.name, field.fallback ?? '']));
}

describe('a data set', () => {
  test('has every capture under its id, and the tables of all kinds of event', async () => {
    const [, ...captures] = await rows('SELECT capture FROM captures ORDER BY capture');
    expect(captures.flat()).toEqual(ids.toSorted());
    const [, ...counts] = await rows(
      'SELECT capture, count(*) FROM ftrace.pci_enable_ats GROUP BY capture ORDER BY capture',
    );
    expect(counts.map(([id]) => id)).toEqual(ids.toSorted());
    expect(await rows("SELECT bdf('1:0.1') AS b")).toEqual([['b'], ['0000:01:00.1']]);
  });

  test.each(QUERY_NAMES.filter((name) => namedQuery(name).fleet))(
    'query %s has the columns it documents',
    async (name) => {
      const [columns, ...answer] = await rows(namedQuery(name).sql, fallbacks(name));
      expect(columns).toEqual(namedQuery(name).columns.map((column) => column.name));
      expect(answer.length).toBeGreaterThan(0);
      expect(await rows(namedQuery(name).sql, fallbacks(name))).toEqual([columns, ...answer]);
    },
  );

  test('which kernels show a rule, by board, by week', async () => {
    const [, ...byKernel] = await rows(namedQuery('fleet-rules-by-kernel').sql);
    expect(byKernel).toContainEqual(
      expect.arrayContaining(['ATS004', expect.stringMatching(/^6\.12/), '1', '2']),
    );
    const [, ...byBoard] = await rows(namedQuery('fleet-rules-by-label').sql, { label: 'board' });
    expect(byBoard.filter(([, rule]) => rule === 'ATS004')).toEqual([['b', 'ATS004', '1', '1', '1']]);
    const [, ...byWeek] = await rows(namedQuery('fleet-verdicts-by-week').sql);
    expect(byWeek.map(([week, captures, , failed]) => [week, captures, failed])).toEqual([
      ['2026-03-02', '2', '1'],
      ['2026-03-09', '1', '0'],
    ]);
  });

  test('nothing outside of it can be read, and nothing in it written', async () => {
    for (const sql of [
      "FROM read_csv('/etc/passwd')",
      `FROM read_text('${dataset}/../fleet/../../etc/passwd')`,
      `FROM read_text('${dataset}-other/x')`,
      `COPY captures TO '${dataset}/x.csv'`,
    ])
      await expect(rows(sql)).rejects.toThrow(/no access to files|not allowed/);
  });

  test('a capture is added once; --force replaces it; nothing half stays', async () => {
    const capture = await recordedCapture(captureInputs('6.12-s1'), { label: ['board=z'] });
    await expect(toDataset(dataset, capture, false, {})).rejects.toThrow(/has this capture already.*--force/);
    await toDataset(dataset, capture, true, {});
    const [, ...labels] = await rows('SELECT label, value FROM capture_labels WHERE capture = $id', {
      id: ids[0],
    });
    expect(labels).toEqual([['board', 'z']]);
    expect(readdirSync(dataset).filter((name) => name.startsWith('.'))).toEqual([]);
    await toDataset(
      dataset,
      await recordedCapture(captureInputs('6.12-s1'), { label: LABELS['6.12-s1'] }),
      true,
      {},
    );
  });

  test('another version, and a directory that is no data set, are refused', async () => {
    const mark = join(dataset, DATASET_MARK);
    const text = readFileSync(mark, 'utf8');
    writeFileSync(mark, text.replace(/"schema_version": \d+/, '"schema_version": 99'));
    await expect(openDataset(dataset)).rejects.toThrow(/version 99/);
    const capture = await recordedCapture(captureInputs('6.12-s1'), {});
    await expect(toDataset(dataset, capture, true, {})).rejects.toThrow(/version 99/);
    writeFileSync(mark, text);
    await expect(openDataset(folder)).rejects.toThrow(/no data set/);
  });
});
