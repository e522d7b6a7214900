import { MemorySource } from '../source.ts';
import { Cursor } from './cursor.ts';
import { type FileOptions, noOptions } from './trace-file.ts';

/** Ids of options and sections (lib/trace-cmd/include/private/trace-cmd-private.h). */
export const OPTION = {
  DONE: 0,
  DATE: 1,
  CPUSTAT: 2,
  BUFFER: 3,
  TRACECLOCK: 4,
  UNAME: 5,
  OFFSET: 7,
  CPUCOUNT: 8,
  VERSION: 9,
  TRACEID: 11,
  TIME_SHIFT: 12,
  GUEST: 13,
  TSC2NSEC: 14,
  STRINGS: 15,
  HEADER_INFO: 16,
  FTRACE_EVENTS: 17,
  EVENT_FORMATS: 18,
  KALLSYMS: 19,
  PRINTK: 20,
  CMDLINES: 21,
  BUFFER_TEXT: 22,
  BTF_FILE: 23,
  MODULES_FILE: 25,
} as const;

/** A BUFFER or BUFFER_TEXT option. Version 6 has only the offset and the name. */
export interface BufferOption {
  readonly id: number;
  readonly offset: number;
  readonly name: string;
  readonly clock: string | null;
  readonly pageSize: number | null;
  readonly cpus: readonly { readonly cpu: number; readonly offset: number; readonly size: number }[];
}

/** Options gathered from all their sections. */
export class OptionSet {
  readonly values: FileOptions = noOptions();
  readonly buffers: BufferOption[] = [];
  /** Offsets of the sections that options point at, by section id. */
  readonly sections = new Map<number, number>();
  private readonly bigEndian: boolean;

  constructor(bigEndian: boolean) {
    this.bigEndian = bigEndian;
  }

  /**
   * Takes in one option; ids that are not known or do not matter are passed over.
   * @throws Damage when the option is shorter than what it must hold.
   */
  add(id: number, data: Uint8Array, offset: number): void {
    const cursor = new Cursor(new MemorySource('', data), this.bigEndian, 0, data.length, offset);
    const { values } = this;
    switch (id) {
      case OPTION.DATE:
        // A count of microseconds (trace-cmd record --date).
        values.shiftNs += numberOf(cursor.string('the DATE option', true)) * 1000n;
        break;
      case OPTION.OFFSET:
        values.shiftNs += numberOf(cursor.string('the OFFSET option', true));
        break;
      case OPTION.CPUSTAT:
        values.cpuStats.push(text(data));
        break;
      case OPTION.TRACECLOCK:
        values.traceClock = chosenClock(text(data)) ?? values.traceClock;
        break;
      case OPTION.UNAME:
        values.uname = text(data) || null;
        break;
      case OPTION.VERSION:
        values.recorder = text(data) || null;
        break;
      case OPTION.CPUCOUNT:
        values.cpuCount = cursor.u32();
        break;
      case OPTION.TRACEID:
        values.traceId = cursor.u64();
        break;
      case OPTION.TIME_SHIFT:
        values.timeShift = timeShiftOf(cursor);
        break;
      case OPTION.GUEST:
        values.guests.push({
          name: cursor.string('the GUEST option'),
          traceId: cursor.u64(),
          cpus: cursor.u32(),
        });
        break;
      case OPTION.TSC2NSEC:
        values.tsc = { mult: cursor.u32(), shift: cursor.u32(), offset: cursor.u64() };
        break;
      case OPTION.BUFFER:
      case OPTION.BUFFER_TEXT:
        this.buffers.push(bufferOf(id, cursor));
        break;
      case OPTION.STRINGS:
      case OPTION.HEADER_INFO:
      case OPTION.FTRACE_EVENTS:
      case OPTION.EVENT_FORMATS:
      case OPTION.KALLSYMS:
      case OPTION.PRINTK:
      case OPTION.CMDLINES:
      case OPTION.BTF_FILE:
      case OPTION.MODULES_FILE:
        if (data.length >= 8) this.sections.set(id, cursor.size64('the offset of a section'));
        break;
    }
  }
}

function text(data: Uint8Array): string {
  const end = data.indexOf(0);
  return new TextDecoder().decode(end < 0 ? data : data.subarray(0, end)).trim();
}

/** A count in C notation, as strtoll reads it; 0 when there is none. */
function numberOf(source: string): bigint {
  const match = /^\s*([+-]?)(0x[0-9a-f]{1,16}|[0-9]{1,19})/i.exec(source);
  if (!match) return 0n;
  const value = BigInt.asIntN(64, BigInt(match[2]));
  return match[1] === '-' ? -value : value;
}

/** The clock in brackets of a `trace_clock` file: `local [global] counter`; the first word when none is marked. */
function chosenClock(source: string): string | null {
  return /\[([^\]\s]+)\]/.exec(source)?.[1] ?? /^\s*(\S+)/.exec(source)?.[1] ?? null;
}

function timeShiftOf(cursor: Cursor): FileOptions['timeShift'] {
  const peer = cursor.u64();
  cursor.u32();
  const cpus = cursor.u32();
  let samples = 0;
  for (let cpu = 0; cpu < cpus && cursor.remaining >= 4; cpu++) {
    const count = cursor.u32();
    samples += count;
    cursor.skip(count * 24, 'the samples of a TIME_SHIFT option');
  }
  return { peer, cpus, samples };
}

function bufferOf(id: number, cursor: Cursor): BufferOption {
  const offset = cursor.size64('the offset of a buffer');
  // Some versions wrote an empty name without its NUL (kernel bugzilla 218430).
  const name = cursor.string('the name of a buffer', true);
  if (cursor.remaining <= 0) return { id, offset, name, clock: null, pageSize: null, cpus: [] };
  const clock = cursor.string('the clock of a buffer', true) || null;
  if (id === OPTION.BUFFER_TEXT || cursor.remaining < 8)
    return { id, offset, name, clock, pageSize: null, cpus: [] };
  const pageSize = cursor.u32();
  const count = cursor.u32();
  const cpus = [];
  if (count * 20 > cursor.remaining) {
    throw cursor.damage(`a buffer of ${count} CPUs needs ${count * 20} bytes, ${cursor.remaining} follow`);
  }
  for (let i = 0; i < count; i++) {
    const cpu = cursor.u32();
    cpus.push({
      cpu,
      offset: cursor.size64('the offset of a CPU'),
      size: cursor.size64('the size of a CPU'),
    });
  }
  return { id, offset, name, clock, pageSize, cpus };
}
