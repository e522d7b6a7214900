import { bigOf } from '../../tables/index.ts';
import { type EventTableBuilder, newHeader } from '../event-table.ts';
import type { DecodeOptions } from '../format.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import type { Block } from './block.ts';
import {
  type CodeFields,
  type CommonLayout,
  codeFieldsOf,
  commonLayout,
  FormatCatalog,
  isWanted,
} from './catalog.ts';
import { Clock } from './clock.ts';
import { type OpenedFile, openTraceFile } from './container.ts';
import type { CpuStream } from './cpu-stream.ts';
import type { EventFormat } from './event-format.ts';
import { compileFields, type FieldStore } from './fields.ts';
import { flagsText } from './flags.ts';
import { writeCut, writePageLoss, writeStatLosses } from './losses.ts';
import { hexFields } from './print-format.ts';
import { locationText, Symbols } from './symbols.ts';
import { Tasks } from './tasks.ts';
import type { UnpackPool } from './unpack-pool.ts';
import { isLarge, openStreams, poolFor, walkMerged } from './walk.ts';

// 0 = no record of this id was seen yet.
const SKIP = 1;
const WANTED = 2;
/** Whether it is wanted depends on the probed function, record by record. */
const BY_SYMBOL = 3;
/** Not wanted, but it names tasks. */
const NAMES_TASKS = 4;

type Learner = (block: Block, start: number, length: number) => void;

/** What is known of an event id after its first record. */
interface Kind {
  readonly format: EventFormat;
  readonly code: CodeFields | null;
  readonly wantedSymbols: Map<number, boolean>;
  readonly learner: Learner | null;
  table: EventTableBuilder | null;
  stores: readonly FieldStore[];
}

/**
 * Decodes a trace.dat into the recording: the events of all CPUs and buffers in the order (time, CPU), of which only
 * the wanted kinds become rows.
 * @throws InputError when nothing of the file can be used.
 */
export async function decodeTraceDat(
  source: ByteSource,
  out: SourceRecording,
  options: DecodeOptions,
): Promise<void> {
  let pool: UnpackPool | null = null;
  let streams: readonly CpuStream[] = [];
  try {
    const opened = await openTraceFile(source, out, {
      onPacking(compression, unpack) {
        pool = poolFor(source.size, compression, unpack);
        if (isLarge(source.size, compression)) options.stream?.begin?.();
      },
      onPages(pages) {
        streams = openStreams(source, out, pages, options.chunkSize, pool);
        for (const stream of streams) stream.prefetch();
      },
    });
    await new TraceDecoder(out, options, opened).run(streams);
  } finally {
    (pool as UnpackPool | null)?.close();
  }
}

class TraceDecoder {
  private readonly out: SourceRecording;
  private readonly options: DecodeOptions;
  private readonly opened: OpenedFile;
  private readonly catalog: FormatCatalog;
  private readonly layout: CommonLayout;
  private readonly tasks: Tasks;
  private readonly clock: Clock;
  private readonly states = new Uint8Array(65536);
  private readonly counts = new Uint32Array(65536);
  /** By id; asked for every event. */
  private readonly kinds: (Kind | undefined)[] = [];
  private readonly flagIds = new Int32Array(65536).fill(-1);
  private symbolsRead: Symbols | null = null;
  private seq = 0;
  private readonly header = newHeader();

  constructor(out: SourceRecording, options: DecodeOptions, opened: OpenedFile) {
    this.out = out;
    this.options = options;
    this.opened = opened;
    const { file } = opened;
    this.catalog = new FormatCatalog(file, out);
    this.layout = commonLayout(this.catalog);
    this.tasks = new Tasks(file.cmdlines, out.pools.comm);
    this.clock = new Clock(file);
  }

  async run(streams: readonly CpuStream[]): Promise<void> {
    this.describe();
    const { out, options, opened, layout } = this;
    const { bigEndian, longSize } = opened.file;
    const shape = { bigEndian, longSize, typeOffset: layout.type };
    const progress = () => options.progress?.(out.bytes.record);
    const take = (stream: CpuStream, from: number, to: number) => this.takeRun(stream, from, to);
    await walkMerged(streams, shape, take, progress, () => options.stream?.pause() ?? null);
    this.finish(streams);
  }

  private describe(): void {
    const { out, clock } = this;
    const { file } = this.opened;
    const instances = file.buffers.filter(({ name }) => name !== '').map(({ name }) => name);
    out.detail = `trace-cmd trace.dat, version ${file.version}${file.version === 7 ? `, ${file.compression}` : ''}`;
    if (instances.length > 0) out.detail += `, instances ${instances.join(', ')}`;
    out.clock = clock.name;
    out.timeUnit = clock.unit;
    out.precisionNs = clock.unit === 'ns' ? 1 : null;
    out.kernelRelease = releaseOf(file.options.uname);
    const { traceId, timeShift, guests } = file.options;
    out.traceId = traceId;
    out.peers = [...(timeShift ? [timeShift.peer] : []), ...guests.map((guest) => guest.traceId)];
    clock.describe(out);
    for (const { name, offset } of file.texts) {
      out.note(
        'warning',
        'text-buffer',
        { offset },
        `buffer "${name}" was saved as text (a latency tracer) and is not read`,
      );
    }
  }

  /** Events `[from, to)` of the stream's page, which are next in the merged order. */
  private takeRun(stream: CpuStream, from: number, to: number): void {
    const { states, counts, out } = this;
    const { type, timeLo, timeHi } = stream.events;
    if (stream.lost !== 0) writePageLoss(out, stream, this.seq, this.clock);
    if (this.seq === 0) out.firstNs = this.clock.toNs(timeLo[from], timeHi[from]);
    let seq = this.seq;
    for (let i = from; i < to; i++, seq++) {
      const id = type[i];
      counts[id]++;
      const state = states[id] || this.firstSight(id);
      if (state === SKIP) continue;
      if (state !== NAMES_TASKS) this.takeEvent(stream, i, seq, id, state);
      const learner = this.kinds[id]?.learner;
      if (learner) learner(stream.block, stream.events.payload[i], stream.events.length[i]);
    }
    this.seq = seq;
  }

  private firstSight(id: number): number {
    const format = this.catalog.get(id);
    let state = SKIP;
    if (!format)
      this.out.note('warning', 'unknown-event', null, `events of id ${id} have no format in the file`);
    else {
      const code = codeFieldsOf(format);
      const learner = this.tasks.learnerOf(format, this.opened.file.bigEndian);
      this.kinds[id] = { format, code, wantedSymbols: new Map(), learner, table: null, stores: [] };
      if (learner) state = NAMES_TASKS;
      if (code) state = BY_SYMBOL;
      else if (isWanted(this.options.needs, format, null, false)) state = WANTED;
    }
    this.states[id] = state;
    return state;
  }

  private takeEvent(stream: CpuStream, index: number, seq: number, id: number, state: number): void {
    const kind = this.kinds[id];
    if (!kind) return;
    const { header, out, layout, clock } = this;
    const { events, block } = stream;
    const start = events.payload[index];
    const length = events.length[index];
    header.symbol = -1;
    header.caller = -1;
    header.isReturn = kind.code?.isReturn ?? false;
    if (kind.code) {
      header.symbol = this.symbolAt(stream, start, length, kind.code.symbol);
      if (state === BY_SYMBOL && !this.wantsSymbol(kind, header.symbol)) return;
      if (kind.code.caller) header.caller = this.callerAt(stream, start, length, kind.code.caller);
    }
    if (!kind.table) {
      kind.table = this.newTable(kind);
      kind.stores = compileFields(
        kind.format,
        kind.table,
        this.opened.file.bigEndian,
        hexFields(kind.format),
      );
    }
    const { view, bytes } = block;
    header.seq = seq;
    clock.convert(events.timeLo[index], events.timeHi[index], header);
    header.cpu = stream.cpu;
    if (layout.pid + 4 <= length && layout.preempt < length && layout.flags < length) {
      header.pid = view.getInt32(start + layout.pid, !this.opened.file.bigEndian);
      header.flags = this.flagsId(bytes[start + layout.flags], bytes[start + layout.preempt]);
    } else {
      header.pid = -1;
      header.flags = -1;
    }
    header.comm = header.pid < 0 ? -1 : this.tasks.commOf(header.pid);
    header.offset = stream.offsetOf(index);
    header.length = start + length - events.start[index];
    const row = kind.table.begin(out.id, header);
    for (const store of kind.stores) store(block, start, length, row);
    if (stream.buffer.name !== '') {
      const name = Buffer.from(stream.buffer.name);
      kind.table.field('instance').setBytes(row, name, 0, name.length);
    }
  }

  private newTable({ format, code }: Kind): EventTableBuilder {
    const { out, options, opened } = this;
    const { stream } = options;
    // What the model reads stays; probes may be of its functions.
    if (!stream || code || isWanted(stream.keep, format, null, false))
      return out.events(format.name, format.system);
    const table = out.streamedEvents(format.name, format.system, stream);
    if (opened.file.buffers.some(({ name }) => name !== '')) table.field('instance').expect('dict');
    return table;
  }

  private symbolAt(
    stream: CpuStream,
    start: number,
    length: number,
    field: { offset: number; size: number },
  ): number {
    const place = this.locate(stream, start, length, field);
    return place?.location ? this.out.pools.symbol.internString(place.location.name) : -1;
  }

  private callerAt(
    stream: CpuStream,
    start: number,
    length: number,
    field: { offset: number; size: number },
  ): number {
    const place = this.locate(stream, start, length, field);
    if (!place) return -1;
    return this.out.pools.symbol.internString(locationText(place.location, place.lo, place.hi));
  }

  private locate(stream: CpuStream, start: number, length: number, field: { offset: number; size: number }) {
    if (field.offset + field.size > length || (field.size !== 8 && field.size !== 4)) return null;
    const { bigEndian } = this.opened.file;
    const { view } = stream.block;
    const at = start + field.offset;
    const wide = field.size === 8;
    const lo = view.getUint32(wide && bigEndian ? at + 4 : at, !bigEndian);
    const hi = wide ? view.getUint32(bigEndian ? at : at + 4, !bigEndian) : 0;
    this.symbolsRead ??= new Symbols(this.opened.file.kallsyms);
    return { lo, hi, location: this.symbolsRead.holderOf(lo, hi) };
  }

  private wantsSymbol(kind: Kind, symbol: number): boolean {
    let wanted = kind.wantedSymbols.get(symbol);
    if (wanted === undefined) {
      const name = symbol < 0 ? null : this.out.pools.symbol.get(symbol);
      wanted = isWanted(this.options.needs, kind.format, name, kind.code?.isReturn ?? false);
      kind.wantedSymbols.set(symbol, wanted);
    }
    return wanted;
  }

  private flagsId(flags: number, preempt: number): number {
    const key = (flags << 8) | preempt;
    if (this.flagIds[key] < 0)
      this.flagIds[key] = this.out.pools.flags.internString(flagsText(flags, preempt));
    return this.flagIds[key];
  }

  private finish(streams: readonly CpuStream[]): void {
    const { out, counts } = this;
    out.records = this.seq;
    for (let id = 0; id < counts.length; id++) {
      if (counts[id] === 0) continue;
      const name = this.kinds[id]?.format.name ?? `#${id}`;
      out.eventCounts.set(name, (out.eventCounts.get(name) ?? 0) + counts[id]);
    }
    let last: CpuStream | null = null;
    for (const stream of streams) {
      if (stream.given === 0) continue;
      if (!last || bigOf(stream.lastLo, stream.lastHi) > bigOf(last.lastLo, last.lastHi)) last = stream;
    }
    if (last) out.lastNs = this.clock.toNs(last.lastLo, last.lastHi);
    writeStatLosses(out, this.opened.file, streams);
    if (!out.complete) writeCut(out, streams, this.clock, this.seq);
    this.settleBytes();
    this.options.progress?.(out.size);
  }

  /** Adds the bytes outside the pages; what no part of the file claims is unparsed. */
  private settleBytes(): void {
    const { bytes } = this.out;
    const paged = bytes.record + bytes.marker + bytes.comment + bytes.unparsed;
    const totals = this.opened.map.totals();
    bytes.comment += totals.comment;
    bytes.unparsed += totals.unparsed + totals.data - paged;
  }
}

/** The release is the third word of `uname -a`: system, host, release. */
function releaseOf(uname: string | null): string | null {
  return uname?.split(/\s+/)[2] ?? null;
}
