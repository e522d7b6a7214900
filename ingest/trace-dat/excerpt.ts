import { StringPool } from '../../tables/index.ts';
import { Recording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { blockOf } from './block.ts';
import { type CommonLayout, commonLayout, FormatCatalog } from './catalog.ts';
import { Clock } from './clock.ts';
import { type OpenedFile, openTraceFile } from './container.ts';
import type { CpuStream } from './cpu-stream.ts';
import { flagsText } from './flags.ts';
import { PageEvents, type PageShape, walkPage } from './pages.ts';
import { RecordView } from './record.ts';
import { type LineHead, Renderer } from './render.ts';
import { Symbols } from './symbols.ts';
import { Tasks } from './tasks.ts';
import type { BufferInfo } from './trace-file.ts';
import { openStreams, walkMerged } from './walk.ts';

/** What a row of an event table says about where its record is. */
export interface EventPlace {
  /** The row's `offset`: of the record, or of the packed chunk that holds it. */
  readonly offset: number;
  /** The row's `time_ns`. */
  readonly timeNs: bigint;
  /** Name of its event table; tells records of one chunk and time apart. */
  readonly event?: string | null;
  /** How many events of the kind stand before it in the chunk at the same time; a clock may be coarse. */
  readonly nth?: number;
  /** The row's `comm`: a task's name may come from an event elsewhere in the file. */
  readonly comm?: string | null;
}

/** A trace.dat opened for printing some of its records, or all. */
export class Excerpts {
  private readonly source: ByteSource;
  private readonly opened: OpenedFile;
  private readonly catalog: FormatCatalog;
  private readonly layout: CommonLayout;
  private readonly shape: PageShape;
  private readonly clock: Clock;
  private readonly renderer: Renderer;
  private readonly pool = new StringPool();
  private readonly tasks: Tasks;
  private readonly learners = new Map<number, ReturnType<Tasks['learnerOf']>>();
  private readonly out: ReturnType<Recording['addSource']>;

  private constructor(source: ByteSource, opened: OpenedFile, out: ReturnType<Recording['addSource']>) {
    this.source = source;
    this.opened = opened;
    this.out = out;
    const { file } = opened;
    this.catalog = new FormatCatalog(file, out);
    this.layout = commonLayout(this.catalog);
    this.shape = { bigEndian: file.bigEndian, longSize: file.longSize, typeOffset: this.layout.type };
    this.clock = new Clock(file);
    this.renderer = new Renderer(file, this.catalog, new Symbols(file.kallsyms));
    this.tasks = new Tasks(file.cmdlines, this.pool);
  }

  /** @throws InputError when the file cannot be used. */
  static async open(source: ByteSource): Promise<Excerpts> {
    const out = new Recording().addSource(source.path, 'trace-dat', source.size);
    return new Excerpts(source, await openTraceFile(source, out), out);
  }

  /** The line that `trace-cmd report -t` prints for each record; null where no record is at the place. */
  lines(places: readonly EventPlace[]): (string | null)[] {
    const found = new Map<EventPlace, string>();
    const byOffset = new Map<number, EventPlace[]>();
    for (const place of places) {
      const same = byOffset.get(place.offset);
      if (same) same.push(place);
      else byOffset.set(place.offset, [place]);
    }
    for (const [offset, wanted] of byOffset) this.findAt(offset, wanted, found);
    return places.map((place) => found.get(place) ?? null);
  }

  /** All lines of `trace-cmd report -t`, but for those about lost events. */
  async report(onLine: (line: string) => void): Promise<void> {
    const { opened, source, out, shape } = this;
    const { file, unpack } = opened;
    const pages = { bigEndian: file.bigEndian, buffers: file.buffers, unpack };
    const streams = openStreams(source, out, pages, 1 << 20, null);
    // A function whose return follows at once is one line, so a line waits for the record after it.
    let waiting: { head: LineHead; id: number; record: RecordView; cpu: number } | null = null;
    const flush = (nextId: number, next: RecordView | null): boolean => {
      if (!waiting) return false;
      const { head, id, record } = waiting;
      waiting = null;
      const joined = next !== null && this.isLeaf(id, record, nextId, next);
      onLine(this.renderer.renderLine(head, id, record, joined ? nextId : -1, joined ? next : null));
      return joined;
    };
    await walkMerged(streams, shape, (stream, from, to) => {
      const { events } = stream;
      for (let i = from; i < to; i++) {
        const record = this.view(stream, i);
        const id = events.type[i];
        if (flush(id, waiting?.cpu === stream.cpu ? record : null)) continue;
        waiting = { head: this.head(record, stream.buffer.name), id, record, cpu: stream.cpu };
        this.learnerOf(id)?.(stream.block, events.payload[i], events.length[i]);
      }
    });
    flush(-1, null);
  }

  private learnerOf(id: number) {
    let learner = this.learners.get(id);
    if (learner === undefined) {
      const format = this.catalog.get(id);
      learner = format ? this.tasks.learnerOf(format, this.opened.file.bigEndian) : null;
      this.learners.set(id, learner);
    }
    return learner;
  }

  private view(stream: CpuStream, index: number): RecordView {
    const { events, block } = stream;
    const start = events.payload[index];
    const length = events.length[index];
    const bytes = block.bytes.slice(start, start + length);
    const time = this.clock.toNs(events.timeLo[index], events.timeHi[index]);
    return new RecordView(blockOf(bytes), 0, length, this.opened.file.bigEndian, stream.cpu, time);
  }

  private isLeaf(id: number, entry: RecordView, nextId: number, next: RecordView): boolean {
    const format = this.catalog.get(id);
    const after = this.catalog.get(nextId);
    if (format?.name !== 'funcgraph_entry' && format?.name !== 'fgraph_retaddr_entry') return false;
    if (after?.name !== 'funcgraph_exit') return false;
    const called = format.fields.find(({ name }) => name === 'func');
    const left = after.fields.find(({ name }) => name === 'func');
    if (!called || !left) return false;
    const { pid } = this.layout;
    return (
      entry.integer(pid, 4, true) === next.integer(pid, 4, true) &&
      entry.integer(called.offset, called.size, false) === next.integer(left.offset, left.size, false)
    );
  }

  private head(record: RecordView, buffer: string): LineHead {
    const { layout } = this;
    const pid = Number(record.integer(layout.pid, 4, true));
    const flags = flagsText(
      Number(record.integer(layout.flags, 1, false)),
      Number(record.integer(layout.preempt, 1, false)),
    );
    const comm = this.pool.get(this.tasks.commOf(pid));
    return {
      buffer,
      comm,
      pid,
      cpu: record.cpu,
      flags,
      timeNs: record.timeNs,
      ticks: this.clock.unit === 'ticks',
    };
  }

  /** Looks through the page or chunk at the offset for the wanted records. */
  private findAt(offset: number, wanted: readonly EventPlace[], found: Map<EventPlace, string>): void {
    const { file, unpack } = this.opened;
    for (const buffer of file.buffers) {
      for (const extent of buffer.cpus) {
        if (offset < extent.offset || offset >= extent.offset + extent.size) continue;
        const { pageSize } = buffer;
        const { cpu } = extent;
        let bytes: Uint8Array | null;
        let base = offset;
        if (extent.compressed) bytes = this.chunkAt(offset, extent.offset + extent.size, unpack);
        else {
          base = extent.offset + Math.floor((offset - extent.offset) / pageSize) * pageSize;
          bytes = new Uint8Array(Math.min(pageSize, extent.offset + extent.size - base));
          bytes = bytes.subarray(0, this.source.read(base, bytes));
        }
        if (!bytes) return;
        const start = extent.compressed ? null : offset - base;
        this.findIn(bytes, { buffer, cpu }, wanted, found, start);
        return;
      }
    }
  }

  private chunkAt(offset: number, end: number, unpack: OpenedFile['unpack']): Uint8Array | null {
    const head = new Uint8Array(8);
    if (offset + 8 > end || this.source.read(offset, head) < 8) return null;
    const view = new DataView(head.buffer);
    const packed = view.getUint32(0, !this.opened.file.bigEndian);
    const size = view.getUint32(4, !this.opened.file.bigEndian);
    if (offset + 8 + packed > end || size > 64 * 1024 * 1024) return null;
    const data = new Uint8Array(packed);
    return this.source.read(offset + 8, data) === packed ? unpack(data, size) : null;
  }

  private findIn(
    bytes: Uint8Array,
    { buffer, cpu }: { buffer: BufferInfo; cpu: number },
    wanted: readonly EventPlace[],
    found: Map<EventPlace, string>,
    start: number | null,
  ): void {
    const { file } = this.opened;
    const { pageSize } = buffer;
    const block = blockOf(bytes);
    const events = new PageEvents(pageSize);
    const counts = new Map<string, number>();
    for (let page = 0; page < bytes.length; page += pageSize) {
      const size = Math.min(pageSize, bytes.length - page);
      walkPage(block.view, page, size, this.shape, events);
      for (let i = 0; i < events.count; i++) {
        if (start !== null && events.start[i] !== start) continue;
        const time = this.clock.toNs(events.timeLo[i], events.timeHi[i]);
        const id = events.type[i];
        const sameTime = wanted.filter((place) => place.timeNs === time && !found.has(place));
        if (sameTime.length === 0) continue;
        const format = this.catalog.get(id);
        const names = format ? [format.name, `${format.system}_${format.name}`] : [];
        const key = `${time}/${id}`;
        const nth = counts.get(key) ?? 0;
        counts.set(key, nth + 1);
        const places = sameTime.filter(
          ({ event, nth: of = 0 }) => !event || (names.includes(event) && of === nth),
        );
        if (places.length === 0) continue;
        const record = new RecordView(block, events.payload[i], events.length[i], file.bigEndian, cpu, time);
        let next: RecordView | null = null;
        if (i + 1 < events.count) {
          next = new RecordView(
            block,
            events.payload[i + 1],
            events.length[i + 1],
            file.bigEndian,
            cpu,
            time,
          );
          if (!this.isLeaf(id, record, events.type[i + 1], next)) next = null;
        }
        const head = this.head(record, buffer.name);
        for (const place of places) {
          const named = place.comm ? { ...head, comm: place.comm } : head;
          found.set(place, this.renderer.renderLine(named, id, record, next ? events.type[i + 1] : -1, next));
        }
      }
    }
  }
}

/**
 * The lines that `trace-cmd report -t` prints for some records; only the pages that hold them are read.
 * @throws InputError when the file cannot be used.
 */
export async function excerpt(source: ByteSource, places: readonly EventPlace[]): Promise<(string | null)[]> {
  return (await Excerpts.open(source)).lines(places);
}
