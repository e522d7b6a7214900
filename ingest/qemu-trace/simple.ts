import { bigOf } from '../../tables/index.ts';
import type { DecodeOptions } from '../format.ts';
import { InputError } from '../input-error.ts';
import type { RecordPlace } from '../place.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { ConfigAccess } from './config-access.ts';
import type { DeclaredEvent, TraceEvents } from './declarations.ts';
import type { Integer } from './integer.ts';
import { readSimpleHeader, SIMPLE_HEADER_BYTES } from './simple-header.ts';
import { type EventInfo, type RecordTime, TraceSink, textOf } from './sink.ts';
import { argumentsOf, describe, type StoredValue } from './stored-arguments.ts';
import { ByteWindow } from './window.ts';

const MAPPING = 0;
const EVENT = 1;
const RECORD_HEADER = 24;
/** Size of QEMU's buffer (trace/simple.c TRACE_BUF_LEN): no record is longer. */
const MAX_RECORD = 4096 * 64;
const MAX_NAME = 1024;
/** `0xfffffffffffffffe`, as two words. */
const DROPPED = { lo: 0xfffffffe, hi: 0xffffffff };

/**
 * Reads a trace of QEMU's simple backend, version 3 or 4, in the byte order of its host (trace/simple.c,
 * scripts/simpletrace.py). The arguments have no types in the file: without the `trace-events-all` of the same build
 * only names (version 4), times and threads are known.
 */
export class SimpleTraceDecoder {
  private readonly out: SourceRecording;
  private readonly options: DecodeOptions;
  private readonly declared: TraceEvents | null;
  private readonly sink: TraceSink;
  private readonly names = new Map<number, EventInfo>();
  private readonly place: RecordPlace = { offset: 0, length: 0, line: 0 };
  private readonly time: RecordTime = { lo: 0, hi: 0, known: true };
  private readonly integer: Integer = { lo: 0, hi: 0, hex: true };
  private readonly access = new ConfigAccess();
  private version = 0;

  constructor(out: SourceRecording, options: DecodeOptions, declared: TraceEvents | null) {
    this.out = out;
    this.options = options;
    this.declared = declared;
    this.sink = new TraceSink(out, options);
  }

  /** @throws InputError for a version that has another layout. */
  decode(source: ByteSource): void {
    const { out } = this;
    const head = new Uint8Array(SIMPLE_HEADER_BYTES);
    const header = readSimpleHeader(head.subarray(0, source.read(0, head)));
    if (!header)
      throw new InputError(`${source.path}: no simpletrace file: its first 24 bytes are not the header.`);
    this.version = header.version;
    if (header.version !== 3 && header.version !== 4) {
      throw new InputError(
        `${source.path}: simpletrace version ${header.version}; versions 3 and 4 are read. Convert it with scripts/simpletrace.py of the QEMU that wrote it.`,
      );
    }
    out.detail = `simpletrace version ${header.version}, ${header.littleEndian ? 'little' : 'big'} endian`;
    out.clock = 'host-mono';
    out.timeUnit = 'ns';
    out.precisionNs = 1;
    out.bytes.comment += SIMPLE_HEADER_BYTES;
    if (!this.declared) {
      out.note(
        'warning',
        'trace-events-needed',
        null,
        'the file has no types: give the trace-events-all of the QEMU that wrote it to read the arguments',
      );
    } else if (header.version === 3) {
      for (const [id, event] of this.declared.list.entries())
        this.names.set(id, this.sink.infoOfName(event.name));
    }
    const window = new ByteWindow(source, this.options.chunkSize, header.littleEndian);
    let at = SIMPLE_HEADER_BYTES;
    while (at < source.size) {
      const length = this.record(window, at);
      if (length === 0) {
        this.onDamage(at, source.size - at);
        break;
      }
      at += length;
      this.options.progress?.(at);
    }
    if (this.sink.seq > 0) out.lastNs = bigOf(this.time.lo, this.time.hi);
    this.sink.finish();
  }

  /** Reads the record at an offset. Returns its length, or 0 where there is no whole record. */
  private record(window: ByteWindow, offset: number): number {
    let before = 0;
    if (this.version === 4) {
      if (!window.load(offset, 8)) return 0;
      const type = window.low(0);
      if (window.high(0) !== 0) return 0;
      if (type === MAPPING) return this.mapping(window, offset);
      if (type !== EVENT) return 0;
      before = 8;
    }
    if (!window.load(offset, before + RECORD_HEADER)) return 0;
    const length = window.word(before + 16);
    if (length < RECORD_HEADER || length > MAX_RECORD || !window.load(offset, before + length)) return 0;
    const { place } = this;
    place.offset = offset;
    place.length = before + length;
    const [lo, hi] = [window.low(before), window.high(before)];
    const from = this.sink.seq > 0 ? bigOf(this.time.lo, this.time.hi) : null;
    this.time.lo = window.low(before + 8);
    this.time.hi = window.high(before + 8);
    if (lo === DROPPED.lo && hi === DROPPED.hi) {
      if (length < RECORD_HEADER + 8) return 0;
      this.dropped(window.low(before + RECORD_HEADER), from);
    } else {
      const info = hi === 0 ? this.infoOf(lo) : null;
      if (!info) return 0;
      this.event(info, window, before, length);
    }
    return place.length;
  }

  private mapping(window: ByteWindow, offset: number): number {
    if (!window.load(offset, 20)) return 0;
    const id = window.low(8);
    const length = window.word(16);
    if (window.high(8) !== 0 || length === 0 || length > MAX_NAME || !window.load(offset, 20 + length))
      return 0;
    const start = window.at + 20;
    this.names.set(id, this.sink.infoOf(window.bytes, start, start + length));
    this.out.bytes.comment += 20 + length;
    return 20 + length;
  }

  /** Version 4 names its events before it uses them; version 3 numbers them as the declarations do. */
  private infoOf(id: number): EventInfo | null {
    let info = this.names.get(id);
    if (!info && this.version === 3 && !this.declared && id < 65536) {
      info = this.sink.infoOfName(`event_${id}`);
      this.names.set(id, info);
    }
    return info ?? null;
  }

  private event(info: EventInfo, window: ByteWindow, before: number, length: number): void {
    const { sink, out, place, time } = this;
    out.bytes.record += place.length;
    if (sink.seq === 0) out.firstNs = bigOf(time.lo, time.hi);
    info.count++;
    const declared = this.declared?.byName.get(info.name);
    const values = declared ? argumentsOf(declared, window, before + RECORD_HEADER, before + length) : null;
    if (declared && !values) {
      out.note(
        'warning',
        'format-mismatch',
        place,
        `${info.name} has not the arguments that the trace-events file declares: is the file that of another QEMU?`,
      );
    }
    const wanted = sink.wants(info, () => declared?.args.map((arg) => arg.name) ?? []);
    if (wanted) this.writeRow(info, declared, values, window, before);
    if (values && info.isConfigAccess) this.configAccess(info, values, window);
    else if (info.meanings.length > 0)
      sink.simulatorEvent(info, values ? describe(values, window) : '', time, place);
    sink.seq++;
  }

  private writeRow(
    info: EventInfo,
    declared: DeclaredEvent | undefined,
    values: readonly StoredValue[] | null,
    window: ByteWindow,
    before: number,
  ): void {
    const thread = window.word(before + 20);
    const row = this.sink.begin(info, this.time, thread > 0x7fffffff ? -1 : thread, this.place);
    for (const [i, value] of (values ?? []).entries()) {
      const arg = declared?.args[i];
      if (!arg) break;
      if (value.isText) row.setBytes(arg.name, window.bytes, window.at + value.start, window.at + value.end);
      else {
        this.integer.lo = value.lo;
        this.integer.hi = value.hi;
        this.integer.hex = arg.kind === 'unsigned';
        row.setInteger(arg.name, this.integer);
      }
    }
  }

  private configAccess(info: EventInfo, values: readonly StoredValue[], window: ByteWindow): void {
    const value = (name: string) => values.find((candidate) => candidate.name === name);
    const [dev, offs, val] = [value('dev'), value('offs'), value('val')];
    const [bus, slot, func] = [value('bus'), value('slot') ?? value('devid'), value('func') ?? value('fnid')];
    if (!dev || !offs || !val || !slot || !func) return;
    const hex = (number: number) => number.toString(16).padStart(2, '0');
    const place = bus
      ? `${hex(bus.lo)}:${hex(slot.lo)}.${func.lo.toString(16)}`
      : `${String(slot.lo).padStart(2, '0')}:${func.lo}`;
    const op = info.name === 'pci_cfg_write' ? '<-' : '->';
    const text = `${textOf(window.bytes, window.at + dev.start, window.at + dev.end)} ${place} @0x${offs.lo.toString(16)} ${op} 0x${val.lo.toString(16)}`;
    const bytes = Buffer.from(text);
    if (this.access.parse(bytes, 0, bytes.length))
      this.sink.configAccess(bytes, this.access, this.time, this.place);
  }

  private dropped(count: number, from: bigint | null): void {
    const { out, place, time, sink } = this;
    out.bytes.marker += place.length;
    out.loss({
      kind: 'dropped',
      cpu: null,
      count: BigInt(count),
      seq: sink.seq,
      from_ns: from,
      to_ns: bigOf(time.lo, time.hi),
      offset: BigInt(place.offset),
      line: null,
      message: `QEMU dropped ${count} records: its trace buffer was full`,
    });
  }

  private onDamage(offset: number, length: number): void {
    const { out } = this;
    const message = `no whole record at byte ${offset}: the trace is cut or damaged, the last ${length} bytes were not read`;
    out.complete = false;
    out.bytes.unparsed += length;
    out.unparsed++;
    out.note('warning', 'cut', { offset }, message);
    out.loss({
      kind: 'cut',
      cpu: null,
      count: null,
      seq: this.sink.seq,
      from_ns: this.sink.seq > 0 ? bigOf(this.time.lo, this.time.hi) : null,
      to_ns: null,
      offset: BigInt(offset),
      line: null,
      message,
    });
  }
}
