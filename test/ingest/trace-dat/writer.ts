import { deflateSync } from 'node:zlib';

/** Writes small trace.dat files for tests: both versions, byte orders and sizes of long, and broken ones. */

export interface WrittenRecord {
  readonly delta?: number;
  readonly payload?: Uint8Array;
  /** A time extend of this many nanoseconds. */
  readonly extend?: bigint;
  /** An absolute time stamp. */
  readonly stamp?: bigint;
  /** A discarded record with this many bytes after its length. */
  readonly discarded?: number;
  /** Padding to the end of the page. */
  readonly padding?: boolean;
}

export interface WrittenPage {
  readonly time: bigint;
  readonly records: readonly WrittenRecord[];
  readonly lost?: number | 'uncounted';
}

export interface WrittenCpu {
  readonly cpu: number;
  readonly pages: readonly WrittenPage[];
  /** Pages as they are, instead of `pages`. */
  readonly raw?: readonly Uint8Array[];
}

export interface WrittenBuffer {
  readonly name: string;
  readonly clock?: string;
  readonly pageSize?: number;
  readonly cpus: readonly WrittenCpu[];
}

export interface WrittenTrace {
  readonly version?: 6 | 7;
  readonly bigEndian?: boolean;
  readonly longSize?: 4 | 8;
  readonly pageSize?: number;
  readonly compression?: 'none' | 'zlib' | 'zstd';
  readonly ftraceFormats?: readonly string[];
  readonly systems?: readonly { readonly name: string; readonly formats: readonly string[] }[];
  readonly kallsyms?: string;
  readonly printk?: string;
  readonly cmdlines?: string;
  readonly options?: readonly { readonly id: number; readonly data: Uint8Array }[];
  readonly buffers: readonly WrittenBuffer[];
  /** Pages per packed chunk. */
  readonly chunkPages?: number;
  /** The size of packed data leaves out the number of chunks, as trace-cmd 3.1 writes it. */
  readonly sizeWithoutCount?: boolean;
  readonly headerPage?: string;
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export class ByteWriter {
  private parts: number[] = [];
  readonly bigEndian: boolean;

  constructor(bigEndian: boolean) {
    this.bigEndian = bigEndian;
  }

  get length(): number {
    return this.parts.length;
  }

  int(value: bigint | number, size: number): this {
    const wide = BigInt.asUintN(size * 8, BigInt(value));
    for (let i = 0; i < size; i++) {
      const shift = BigInt((this.bigEndian ? size - 1 - i : i) * 8);
      this.parts.push(Number((wide >> shift) & 0xffn));
    }
    return this;
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.parts.push(byte);
    return this;
  }

  text(text: string): this {
    return this.bytes(utf8(text));
  }

  string(text: string): this {
    return this.text(text).int(0, 1);
  }

  padTo(size: number): this {
    while (this.parts.length % size !== 0) this.parts.push(0);
    return this;
  }

  set(at: number, value: bigint | number, size: number): void {
    const patch = new ByteWriter(this.bigEndian).int(value, size).done();
    patch.forEach((byte, i) => {
      this.parts[at + i] = byte;
    });
  }

  done(): Uint8Array {
    return Uint8Array.from(this.parts);
  }
}

/** One sub-buffer. */
export function writePage(page: WrittenPage, size: number, bigEndian: boolean, longSize: number): Uint8Array {
  const body = new ByteWriter(bigEndian);
  const head = (typeLen: number, delta: number) =>
    body.int(bigEndian ? typeLen * 0x8000000 + delta : delta * 32 + typeLen, 4);
  for (const record of page.records) {
    if (record.extend !== undefined || record.stamp !== undefined) {
      const value = record.extend ?? BigInt.asUintN(59, record.stamp ?? 0n);
      head(record.extend === undefined ? 31 : 30, Number(value & 0x7ffffffn)).int(value >> 27n, 4);
    } else if (record.discarded !== undefined) {
      head(29, record.delta ?? 1).int(record.discarded, 4);
      body.bytes(new Uint8Array(record.discarded - 4));
    } else if (record.padding) {
      head(29, 0);
      while (body.length < size - 8 - longSize) body.int(0, 1);
    } else {
      const payload = record.payload ?? new Uint8Array(8);
      if (payload.length % 4 === 0 && payload.length <= 112) head(payload.length / 4, record.delta ?? 0);
      else head(0, record.delta ?? 0).int(payload.length + 4, 4);
      body.bytes(payload).padTo(4);
    }
  }
  const data = body.done();
  const flags = page.lost === undefined ? 0 : page.lost === 'uncounted' ? 0x80000000 : 0xc0000000;
  const out = new ByteWriter(bigEndian)
    .int(page.time, 8)
    .int(BigInt(data.length) + BigInt(flags), longSize)
    .bytes(data);
  if (typeof page.lost === 'number') out.int(page.lost, longSize);
  if (out.length > size) throw new RangeError(`page of ${out.length} bytes, room for ${size}`);
  const bytes = new Uint8Array(size);
  bytes.set(out.done());
  return bytes;
}

/** A zstd frame of raw blocks: what an encoder without compression writes. */
export function zstdFrame(data: Uint8Array): Uint8Array {
  const out = new ByteWriter(false).int(0xfd2fb528, 4).int(0xa0, 1).int(data.length, 4);
  const BLOCK = 65536;
  for (let at = 0; at < data.length || at === 0; at += BLOCK) {
    const part = data.subarray(at, at + BLOCK);
    const last = at + BLOCK >= data.length ? 1 : 0;
    out.int((part.length << 3) | last, 3).bytes(part);
    if (last) break;
  }
  return out.done();
}

function pack(data: Uint8Array, compression: string): Uint8Array {
  return compression === 'zlib' ? new Uint8Array(deflateSync(data)) : zstdFrame(data);
}

export function headerPage(longSize: number): string {
  return (
    `\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n` +
    `\tfield: local_t commit;\toffset:8;\tsize:${longSize};\tsigned:1;\n` +
    `\tfield: char data;\toffset:${8 + longSize};\tsize:4080;\tsigned:1;\n`
  );
}

const HEADER_EVENT = '# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n';

export function writeTrace(trace: WrittenTrace): Uint8Array {
  return (trace.version ?? 7) === 6 ? writeV6(trace) : writeV7(trace);
}

function preamble(trace: WrittenTrace): ByteWriter {
  const out = new ByteWriter(trace.bigEndian ?? false);
  out
    .bytes(Uint8Array.of(0x17, 0x08, 0x44))
    .text('tracing')
    .string(String(trace.version ?? 7));
  return out
    .int(trace.bigEndian ? 1 : 0, 1)
    .int(8, 1)
    .int(trace.pageSize ?? 4096, 4);
}

function sections(trace: WrittenTrace): { id: number; data: Uint8Array }[] {
  const big = trace.bigEndian ?? false;
  const blob = (text: string) => new ByteWriter(big).int(utf8(text).length, 8).text(text).done();
  const sized = (text: string, size: number) =>
    new ByteWriter(big).int(utf8(text).length, size).text(text).done();
  const header = trace.headerPage ?? headerPage(trace.longSize ?? 8);
  const info = new ByteWriter(big)
    .string('header_page')
    .bytes(blob(header))
    .string('header_event')
    .bytes(blob(HEADER_EVENT));
  const ftrace = new ByteWriter(big).int(trace.ftraceFormats?.length ?? 0, 4);
  for (const format of trace.ftraceFormats ?? []) ftrace.bytes(blob(format));
  const events = new ByteWriter(big).int(trace.systems?.length ?? 0, 4);
  for (const { name, formats } of trace.systems ?? []) {
    events.string(name).int(formats.length, 4);
    for (const format of formats) events.bytes(blob(format));
  }
  return [
    { id: 16, data: info.done() },
    { id: 17, data: ftrace.done() },
    { id: 18, data: events.done() },
    { id: 19, data: sized(trace.kallsyms ?? '', 4) },
    { id: 20, data: sized(trace.printk ?? '', 4) },
    { id: 21, data: sized(trace.cmdlines ?? '', 8) },
  ];
}

function pagesOf(trace: WrittenTrace, buffer: WrittenBuffer, cpu: WrittenCpu): Uint8Array[] {
  if (cpu.raw) return [...cpu.raw];
  const size = buffer.pageSize ?? trace.pageSize ?? 4096;
  return cpu.pages.map((page) => writePage(page, size, trace.bigEndian ?? false, trace.longSize ?? 8));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function writeV6(trace: WrittenTrace): Uint8Array {
  const out = preamble(trace);
  for (const { data } of sections(trace)) out.bytes(data);
  const [top, ...instances] = trace.buffers;
  out.int(top.cpus.length, 4).text('options  ').int(0, 1);
  for (const { id, data } of trace.options ?? []) out.int(id, 2).int(data.length, 4).bytes(data);
  const places = instances.map(({ name }) => {
    out.int(3, 2).int(8 + name.length + 1, 4);
    const at = out.length;
    out.int(0, 8).string(name);
    return at;
  });
  out.int(0, 2);
  const table = (buffer: WrittenBuffer): { at: number; buffer: WrittenBuffer } => {
    out.text('flyrecord').int(0, 1);
    const at = out.length;
    for (let i = 0; i < buffer.cpus.length; i++) out.int(0, 16);
    return { at, buffer };
  };
  const tables = [table(top)];
  instances.forEach((buffer, i) => {
    out.set(places[i], out.length, 8);
    tables.push(table(buffer));
  });
  for (const { at, buffer } of tables) {
    buffer.cpus.forEach((cpu, i) => {
      out.padTo(trace.pageSize ?? 4096);
      const data = join(pagesOf(trace, buffer, cpu));
      out.set(at + i * 16, out.length, 8);
      out.set(at + i * 16 + 8, data.length, 8);
      out.bytes(data);
    });
  }
  return out.done();
}

function writeV7(trace: WrittenTrace): Uint8Array {
  const big = trace.bigEndian ?? false;
  const compression = trace.compression ?? 'none';
  const out = preamble(trace)
    .string(compression)
    .string(compression === 'none' ? '' : '1.0');
  const optionsAt = out.length;
  out.int(0, 8);
  const options: { id: number; data: Uint8Array }[] = [...(trace.options ?? [])];
  const section = (id: number, data: Uint8Array): number => {
    const at = out.length;
    const packed = compression === 'none' ? data : pack(data, compression);
    const head = compression === 'none' ? 0 : 8;
    out
      .int(id, 2)
      .int(head ? 1 : 0, 2)
      .int(0, 4)
      .int(packed.length + head, 8);
    if (head) out.int(packed.length, 4).int(data.length, 4);
    out.bytes(packed);
    return at;
  };
  for (const { id, data } of sections(trace)) {
    options.push({ id, data: new ByteWriter(big).int(section(id, data), 8).done() });
  }
  for (const buffer of trace.buffers)
    options.push({ id: 3, data: writeBuffer(out, trace, buffer, compression) });
  const body = new ByteWriter(big);
  for (const { id, data } of options) body.int(id, 2).int(data.length, 4).bytes(data);
  body.int(0, 2).int(8, 4).int(0, 8);
  out.set(optionsAt, out.length, 8);
  section(0, body.done());
  return out.done();
}

function writeBuffer(
  out: ByteWriter,
  trace: WrittenTrace,
  buffer: WrittenBuffer,
  compression: string,
): Uint8Array {
  const pageSize = buffer.pageSize ?? trace.pageSize ?? 4096;
  const option = new ByteWriter(out.bigEndian)
    .int(out.length, 8)
    .string(buffer.name)
    .string(buffer.clock ?? 'local');
  option.int(pageSize, 4).int(buffer.cpus.length, 4);
  const start = out.length;
  out
    .int(3, 2)
    .int(compression === 'none' ? 0 : 1, 2)
    .int(0, 4)
    .int(0, 8);
  for (const cpu of buffer.cpus) {
    const pages = pagesOf(trace, buffer, cpu);
    out.padTo(trace.pageSize ?? 4096);
    const at = out.length;
    if (compression === 'none') out.bytes(join(pages));
    else {
      const per = trace.chunkPages ?? 2;
      const chunks = [];
      for (let i = 0; i < pages.length; i += per) chunks.push(join(pages.slice(i, i + per)));
      out.int(chunks.length, 4);
      for (const chunk of chunks) {
        const packed = pack(chunk, compression);
        out.int(packed.length, 4).int(chunk.length, 4).bytes(packed);
      }
    }
    option
      .int(cpu.cpu, 4)
      .int(at, 8)
      .int(out.length - at - (compression !== 'none' && trace.sizeWithoutCount ? 4 : 0), 8);
  }
  out.set(start + 8, out.length - start - 16, 8);
  return option.done();
}
