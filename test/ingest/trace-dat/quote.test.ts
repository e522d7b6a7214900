import { expect, it } from 'vitest';
import { quote } from '../../../ingest/quote.ts';
import { readSources } from '../../../ingest/read.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { allRows, format, payload } from './helpers.ts';
import { type WrittenRecord, writeTrace } from './writer.ts';

const kind = (name: string, id: number) =>
  format(name, id, ['u32 n;\toffset:8;\tsize:4;\tsigned:0;'], '"n=%u", REC->n');

const record = (id: number, n: number): WrittenRecord => ({
  delta: 0,
  payload: payload(id, 1, (writer) => writer.int(n, 4)),
});

it.each(['none', 'zlib', 'zstd'] as const)('tells records of one instant apart, %s', async (compression) => {
  const records = [5, 6, 5, 6, 6, 5].map((id, n) => record(id, n));
  const bytes = writeTrace({
    version: 7,
    compression,
    systems: [{ name: 'ats', formats: [kind('a', 5), kind('b', 6)] }],
    buffers: [
      {
        name: '',
        cpus: [0, 1].map((cpu) => ({ cpu, pages: [1n, 1n].map((time) => ({ time, records })) })),
      },
    ],
  });
  const inputs = await readSources([new MemorySource('coarse.dat', bytes)], { needs: { wants: () => true } });
  const rows = allRows(inputs);
  expect(rows.length).toBe(24);
  const places = rows.map((row) => ({
    source: 0,
    seq: row.seq as number,
    offset: Number(row.offset),
    length: row.length as number,
    timeNs: row.time_ns as bigint,
    comm: null,
  }));
  const order = places.map((_, i) => (i * 7) % places.length);
  const texts = await quote(
    inputs,
    order.map((i) => places[i]),
  );
  order.forEach((i, k) => {
    expect(texts[k]).toMatch(new RegExp(`\\[00${rows[i].cpu}\\].* ${rows[i].event}: +n=${rows[i].n}$`));
  });
});
