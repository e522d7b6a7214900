import { expect, it } from 'vitest';
import { type EventKindName, KIND, UNKNOWN } from '../../model/events.ts';
import { Recorded } from '../../model/replay/recorded.ts';

interface Event {
  readonly kind?: EventKindName;
  readonly source?: number;
  readonly width?: number;
  readonly device?: string | null;
}

function recorded(
  events: readonly Event[],
  parts?: readonly (readonly number[])[],
  apart: readonly number[] = [],
) {
  const names = events.map(({ device = '0000:01:00.0' }) => device);
  const columns = {
    kind: events.map(({ kind = 'config.write' }) => KIND[kind]),
    source: events.map(({ source = 0 }) => source),
    width: events.map(({ width = 2 }) => width),
    device: names.map((name, row) => (name === null ? -1 : row)),
    nameOf: (id: number) => (id < 0 ? null : names[id]),
  };
  const rows = Int32Array.from(events, (_, row) => row);
  return new Recorded({ events: columns as never, order: { rows } as never, apart: new Set(apart), parts });
}

const KINDS = ['ats.enable', 'ats.disable', 'log.warn'] as const;
const shown = (of: Recorded) => KINDS.filter((kind) => of.observation.wouldShow(kind));

it('writes of words are recorded where there is one of a named function', () => {
  expect(recorded([{}]).showsWordWrites).toBe(true);
  expect(recorded([{ width: UNKNOWN }]).showsWordWrites).toBe(true);
  expect(recorded([{ width: 1 }, { width: 4 }]).showsWordWrites).toBe(false);
  expect(recorded([{ kind: 'config.write_user' }]).showsWordWrites).toBe(false);
  expect(recorded([{ device: null }, { device: '0xff1100' }]).showsWordWrites).toBe(false);
  expect(recorded([{ device: null }, {}]).showsWordWrites).toBe(true);
  expect(recorded([]).showsWordWrites).toBe(false);
});

it('what another machine recorded does not count', () => {
  const of = recorded([{ kind: 'ats.enable' }, { kind: 'ats.disable', source: 1 }], undefined, [1]);
  expect(shown(of)).toEqual(['ats.enable']);
  expect(of.kindCounts[KIND['ats.disable']]).toBe(0);
});

it('each part has what its traces recorded and what no trace did, and in the end all counts', () => {
  const of = recorded(
    [
      { kind: 'ats.enable' },
      { source: 1 },
      { kind: 'ats.disable', source: 1 },
      { kind: 'log.warn', source: 2 },
    ],
    [[0], [1]],
  );
  expect([shown(of), of.showsWordWrites]).toEqual([['ats.enable', 'log.warn'], false]);
  of.enter(1);
  expect([shown(of), of.showsWordWrites]).toEqual([['ats.disable', 'log.warn'], true]);
  of.leave();
  expect(shown(of)).toEqual(['ats.enable', 'ats.disable', 'log.warn']);
});

it('one part is the whole', () => {
  const of = recorded([{ kind: 'ats.enable' }, { kind: 'ats.disable', source: 1 }], [[0]]);
  expect(shown(of)).toEqual(['ats.enable', 'ats.disable']);
});
