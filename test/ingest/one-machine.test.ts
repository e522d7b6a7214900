import { describe, expect, it } from 'vitest';
import { InputError } from '../../ingest/input-error.ts';
import { readSources } from '../../ingest/read.ts';
import { MemorySource } from '../../ingest/source.ts';
import { modelWants } from '../../model/lift/ftrace.ts';
import { format, payload } from './trace-dat/helpers.ts';
import { ByteWriter, utf8, type WrittenTrace, writeTrace } from './trace-dat/writer.ts';

type Option = NonNullable<WrittenTrace['options']>[number];

const UNAME = 5;
const TRACEID = 11;
const TIME_SHIFT = 12;
const GUEST = 13;
const HOST_ID = 0xabc0000000000001n;
const GUEST_ID = 0xdef0000000000002n;
const OTHER_ID = 0x1230000000000003n;

function dat(options: readonly Option[]): Uint8Array {
  return writeTrace({
    systems: [{ name: 'ats', formats: [format('tick', 1001, [], '"tick"')] }],
    buffers: [
      {
        name: '',
        cpus: [{ cpu: 0, pages: [{ time: 10n, records: [{ payload: payload(1001, 7) }] }] }],
      },
    ],
    options,
  });
}

const id = (trace: bigint): Option => ({ id: TRACEID, data: new ByteWriter(false).int(trace, 8).done() });
const hostOf = (guest: bigint): Option => ({
  id: GUEST,
  data: new ByteWriter(false).string('vm1').int(guest, 8).int(0, 4).done(),
});
const guestOf = (host: bigint): Option => ({
  id: TIME_SHIFT,
  data: new ByteWriter(false).int(host, 8).int(0, 4).int(0, 4).done(),
});
const kernel = (release: string): Option => ({
  id: UNAME,
  data: utf8(`Linux lab ${release} #1 SMP x86_64\0`),
});

async function refusal(...traces: readonly (readonly Option[])[]): Promise<string | null> {
  const names = ['host.dat', 'guest.dat'];
  const inputs = traces.map((options, i) => new MemorySource(names[i], dat(options)));
  try {
    await readSources(inputs, { needs: { wants: modelWants } });
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
}

describe('traces of several machines are refused', () => {
  it('a guest names its host', async () => {
    expect(await refusal([id(HOST_ID)], [id(GUEST_ID), guestOf(HOST_ID)])).toBe(
      'host.dat, guest.dat: expected traces of one machine and one boot, but they are of a host and its guest. The same address may be another device in each: give them one at a time (atscope diff compares two).',
    );
  });

  it('a host names its guest', async () => {
    expect(await refusal([id(GUEST_ID)], [id(HOST_ID), hostOf(GUEST_ID)])).toMatch(/a host and its guest/);
  });

  it('two guests name one host', async () => {
    expect(await refusal([id(OTHER_ID), guestOf(HOST_ID)], [id(GUEST_ID), guestOf(HOST_ID)])).toMatch(
      /two guests of one host/,
    );
  });

  it('the kernels differ', async () => {
    expect(await refusal([kernel('6.12.107')], [kernel('7.2.13')])).toMatch(
      /their kernels are 6\.12\.107 and 7\.2\.13/,
    );
  });
});

describe('traces that may be of one machine are taken', () => {
  it.each<[string, Option[], Option[]]>([
    ['nothing says what they are', [], []],
    ['two recordings of one kernel', [id(HOST_ID), kernel('7.2.13')], [id(OTHER_ID), kernel('7.2.13')]],
    ['one does not say its kernel', [kernel('7.2.13')], []],
    ['a host without the trace of its guest', [id(HOST_ID), hostOf(GUEST_ID)], [id(OTHER_ID)]],
    ['a guest without the trace of its host', [id(GUEST_ID), guestOf(HOST_ID)], [id(OTHER_ID)]],
    ['one recording of a guest twice', [id(GUEST_ID), guestOf(HOST_ID)], [id(GUEST_ID), guestOf(HOST_ID)]],
  ])('%s', async (_, one, other) => {
    expect(await refusal(one, other)).toBeNull();
  });

  it('a single trace of a guest', async () => {
    expect(await refusal([id(GUEST_ID), guestOf(HOST_ID)])).toBeNull();
  });
});
