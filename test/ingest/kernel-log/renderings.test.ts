import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rowsOf } from '../../../tables/index.ts';
import { accounted, decodeLog, FIXTURES } from './corpus.ts';

/** Folder with a folder per capture; `ATSCOPE_CAPTURES=FOLDER` checks the captures of another one. */
const FOLDER = process.env.ATSCOPE_CAPTURES ?? `${FIXTURES}captures`;
const CAPTURES = readdirSync(FOLDER).filter((name) => existsSync(`${FOLDER}/${name}/kmsg.txt`));

/** What a rendering of dmesg carries of each record. */
interface Rendering {
  readonly file: string;
  readonly levels: boolean;
  /** `steps`: only the time between records. */
  readonly times: 'uptime' | 'seconds' | 'steps' | 'none';
  readonly devices?: boolean;
}

const RENDERINGS: readonly Rendering[] = [
  { file: 'dmesg.txt', levels: false, times: 'uptime' },
  { file: 'dmesg-x.txt', levels: true, times: 'uptime' },
  { file: 'dmesg-T.txt', levels: false, times: 'seconds' },
  { file: 'dmesg-r.txt', levels: true, times: 'uptime' },
  { file: 'dmesg-t.txt', levels: false, times: 'none' },
  { file: 'dmesg-iso.txt', levels: false, times: 'steps' },
  { file: 'dmesg.json', levels: true, times: 'uptime' },
  { file: 'kmsg.txt', levels: true, times: 'uptime', devices: true },
];

async function load(capture: string, file: string, most?: number) {
  const log = readFileSync(`${FOLDER}/${capture}/${file}`);
  const decoded = await decodeLog(log);
  expect(accounted(decoded.out)).toBe(log.length);
  // dmesg prints a record without text as an empty line and leaves it out of JSON.
  const records = rowsOf(decoded.tables.logRecords)
    .filter((row) => row.message !== '')
    .slice(0, most);
  const splats = rowsOf(decoded.tables.splats).map((row) => ({
    what: [
      row.kind,
      row.file,
      row.file_line,
      row.symbol,
      row.symbol_offset,
      row.cpu,
      row.pid,
      row.uid,
      row.comm,
    ],
    about: [row.taint, row.kernel_release, row.hardware, row.title, row.complete, row.boot],
  }));
  const frames = rowsOf(decoded.tables.splatFrames).map(({ source, ...frame }) => ({ ...frame, of: source }));
  return { ...decoded, records, splats, frames };
}

test.skipIf(process.env.ATSCOPE_CAPTURES).each([
  { capture: '6.12-s3', line: 'drivers/pci/ats.c:132', pids: [190, 199, 150] },
  { capture: '7.2-series-s1f', line: 'drivers/iommu/intel/iommu.c:889', pids: [50, 50] },
])('$capture has its WARNs', async ({ capture, line, pids }) => {
  const { tables } = await load(capture, 'dmesg.txt');
  const rows = rowsOf(tables.splats);
  expect(rows.map((row) => `${row.file}:${row.file_line}`)).toEqual(pids.map(() => line));
  expect(rows.map((row) => row.pid)).toEqual(pids);
  expect(rows.every((row) => row.complete && row.kind === 'warn')).toBe(true);
});

describe.each(CAPTURES)('%s', (capture) => {
  test.each(RENDERINGS)('$file gives the records of dmesg -J', async ({ file, levels, times, devices }) => {
    const got = await load(capture, file);
    // What read /dev/kmsg may have stopped before the end.
    const want = await load(capture, 'dmesg.json', devices ? got.records.length : undefined);
    expect(want.records.length).toBeGreaterThan(300);
    expect(got.out.kernelRelease).toBe(want.out.kernelRelease);
    expect(got.out.unparsed).toBe(0);
    expect(got.records.map((row) => row.message)).toEqual(want.records.map((row) => row.message));
    expect(got.records.map((row) => row.caller)).toEqual(want.records.map((row) => row.caller));
    if (levels)
      expect(got.records.map((row) => row.facility)).toEqual(want.records.map((row) => row.facility));
    if (levels) expect(got.records.map((row) => row.level)).toEqual(want.records.map((row) => row.level));
    const first = { got: got.records[0].time_ns ?? 0n, want: want.records[0].time_ns ?? 0n };
    const since = want.records.map((row) => (row.time_ns ?? 0n) - first.want);
    if (times === 'uptime')
      expect(got.records.map((row) => row.time_ns)).toEqual(since.map((ns) => ns + first.want));
    if (times === 'steps') expect(got.records.map((row) => (row.time_ns ?? 0n) - first.got)).toEqual(since);
    if (times === 'none') expect(got.records.every((row) => row.time_ns === null)).toBe(true);
    if (times === 'seconds') {
      const off = got.records.map((row, i) => (row.time_ns ?? 0n) - first.got - since[i]);
      expect(off.every((ns) => ns > -1_000_000_000n && ns < 1_000_000_000n)).toBe(true);
    }
    if (devices)
      expect(got.records.filter((row) => row.device?.startsWith('0000:')).length).toBeGreaterThan(50);
    expect(got.splats).toEqual(want.splats);
    expect(got.frames).toEqual(want.frames);
  });

  test('dmesg --show-delta gives the steps of dmesg -J', async () => {
    const want = await load(capture, 'dmesg.json');
    const got = await load(capture, 'dmesg-delta.txt');
    expect(got.records.map((row) => row.message)).toEqual(want.records.map((row) => row.message));
    expect(got.records.every((row) => row.time_kind === 'relative')).toBe(true);
    // dmesg counts no step from a record at time zero, so that the sums agree from the first one that is later.
    const start = want.records.findIndex((row) => (row.time_ns ?? 0n) > 0n);
    const base = (want.records[start].time_ns ?? 0n) - (got.records[start].time_ns ?? 0n);
    const rest = got.records.slice(start).map((row) => (row.time_ns ?? 0n) + base);
    const drift = rest.map((ns, i) => ns - (want.records[start + i].time_ns ?? 0n));
    expect(drift[0]).toBe(0n);
    expect(got.splats).toEqual(want.splats);
    expect(got.frames).toEqual(want.frames);
  });

  test('the serial console gives the records that its level lets through', async () => {
    const want = await load(capture, 'dmesg.json');
    const got = await load(capture, 'serial.log');
    const last = want.records.at(-1)?.time_ns ?? 0n;
    const printed = want.records.filter((row) => (row.level ?? 0) < 7);
    const seen = got.records.filter((row) => (row.time_ns ?? 0n) <= last);
    expect(seen.map((row) => row.message)).toEqual(printed.map((row) => row.message));
    expect(seen.map((row) => row.time_ns)).toEqual(printed.map((row) => row.time_ns));
    expect(got.splats).toEqual(want.splats);
    expect(got.frames).toEqual(want.frames);
  });
});

describe.skipIf(process.env.ATSCOPE_CAPTURES)('colours change nothing, wherever in a line they begin', () => {
  const files = ['dmesg.txt', 'dmesg-x.txt', 'dmesg-T.txt', 'dmesg-r.txt', 'dmesg-iso.txt', 'kmsg.txt'];
  const read = async (log: string) => {
    const { tables } = await decodeLog(Buffer.from(log, 'latin1'));
    return rowsOf(tables.logRecords).map(({ offset, length, ...row }) => row);
  };

  test.each(files)('%s', async (file) => {
    const lines = readFileSync(`${FOLDER}/6.12-s3/${file}`, 'latin1').split('\n').slice(20, 80);
    const plain = await read(lines.join('\n'));
    for (let at = 0; at < 48; at++) {
      const coloured = lines.map((line) => line && `${line.slice(0, at)}\x1b[33m${line.slice(at)}`);
      expect(await read(coloured.join('\n'))).toEqual(plain);
    }
  });
});
