import type { Compression } from './compression.ts';

/** Where the recorded pages of one CPU lie in the file. */
export interface CpuExtent {
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
  /** The pages are packed in chunks: a count, then for each the packed size, the size, the data. */
  readonly compressed: boolean;
}

/** One ring buffer: the top one, named "", or that of an instance. */
export interface BufferInfo {
  readonly name: string;
  readonly clock: string | null;
  /** Size of a sub-buffer, in bytes; a ring buffer may use larger ones than the CPU's pages. */
  readonly pageSize: number;
  readonly cpus: readonly CpuExtent[];
}

/** One event format file and the system its folder named (`ftrace` for the built-in events). */
export interface FormatFile {
  readonly system: string;
  readonly text: Uint8Array;
}

/** What the options of the file say, as far as it is data. */
export interface FileOptions {
  /** Texts of per_cpu/cpuN/stats, each after a line that names the CPU or the buffer. */
  readonly cpuStats: string[];
  traceClock: string | null;
  uname: string | null;
  /** Version of the program that recorded it. */
  recorder: string | null;
  /** Nanoseconds to add to each time: OFFSET, and DATE whose unit is a microsecond. */
  shiftNs: bigint;
  tsc: { readonly mult: number; readonly shift: number; readonly offset: bigint } | null;
  traceId: bigint | null;
  /** Time corrections against a host: peer trace id and the number of CPUs. */
  timeShift: { readonly peer: bigint; readonly cpus: number; readonly samples: number } | null;
  readonly guests: { readonly name: string; readonly traceId: bigint; readonly cpus: number }[];
  cpuCount: number | null;
}

export function noOptions(): FileOptions {
  return {
    cpuStats: [],
    traceClock: null,
    uname: null,
    recorder: null,
    shiftNs: 0n,
    tsc: null,
    traceId: null,
    timeShift: null,
    guests: [],
    cpuCount: null,
  };
}

/** All of a trace.dat but its events. */
export interface TraceFile {
  readonly version: number;
  readonly bigEndian: boolean;
  /** Bytes of a `long` of the recorded kernel, 4 or 8. */
  readonly longSize: number;
  readonly compression: Compression;
  readonly formats: FormatFile[];
  readonly kallsyms: Uint8Array | null;
  readonly printkFormats: Uint8Array | null;
  readonly cmdlines: Uint8Array | null;
  readonly buffers: BufferInfo[];
  /** Buffers that were saved as text (latency tracers): where the text lies. */
  readonly texts: { readonly name: string; readonly offset: number; readonly size: number }[];
  readonly options: FileOptions;
}
