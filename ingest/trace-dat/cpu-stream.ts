import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { type Block, blockOf } from './block.ts';
import { ChunkReader, type ReadBatch } from './chunk-reader.ts';
import type { Unpack } from './compression.ts';
import { PageEvents, type PageShape, walkPage } from './pages.ts';
import type { BufferInfo, CpuExtent } from './trace-file.ts';
import type { UnpackPool } from './unpack-pool.ts';

/** Memory that all streams of a file may hold at a time, in bytes. */
export class Budget {
  private left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }

  /** Returns false when the bytes are not there. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.left += bytes;
  }
}

export interface StreamContext {
  readonly source: ByteSource;
  readonly bigEndian: boolean;
  readonly out: SourceRecording;
  readonly unpack: Unpack;
  /** Unpacks ahead in other threads; null = here, when needed. */
  readonly pool: UnpackPool | null;
  readonly budget: Budget;
  /** Bytes per read of data that is not packed. */
  readonly window: number;
  /** Bytes per batch of packed data, once unpacked. */
  readonly batch: number;
  /** Bytes that are unpacked ahead of the batch in use where a pool does it; at least one batch more is. */
  readonly ahead: number;
}

/** What `nextPage` found: a page with events, nothing more, or data that is still being unpacked. */
export type Found = 'page' | 'end' | 'wait';

const EMPTY = blockOf(new Uint8Array(0));

/**
 * The events of one CPU of one buffer, page after page. Counts what its bytes are: a page or chunk with an event is
 * `record`, one without is `marker`, one that cannot be read is `unparsed`.
 */
export class CpuStream {
  readonly buffer: BufferInfo;
  readonly cpu: number;
  /** Position among the streams, which decides ties of time. */
  readonly order: number;
  readonly events: PageEvents;
  block: Block = EMPTY;
  /** Next event of the page. */
  at = 0;
  /** Lost before the first event of the page; taken away once told. */
  lost = 0;
  /** Last event that was given out. */
  lastLo = 0;
  lastHi = 0;
  given = 0;
  /** Losses that pages told so far; some may have had no count. */
  lostTold = 0;
  lostUncounted = false;
  private readonly context: StreamContext;
  private readonly pageSize: number;
  private readonly end: number;
  /** Where the next window begins in the file. */
  private next: number;
  /** In the file: of the window, or of the chunk it was unpacked from. */
  private blockOffset = 0;
  private pageAt = 0;
  private readonly reader: ChunkReader | null;
  private readonly batches: { batch: ReadBatch; arrival: Promise<void> }[] = [];
  private readonly used: ReadBatch[] = [];
  /** Bytes of `batches`, unpacked. */
  private aheadBytes = 0;
  private batchAt = 0;
  private chunkLength = 0;
  private chunkHasEvents = false;

  constructor(context: StreamContext, buffer: BufferInfo, extent: CpuExtent, order: number) {
    this.context = context;
    this.buffer = buffer;
    this.cpu = extent.cpu;
    this.order = order;
    this.pageSize = buffer.pageSize;
    this.events = new PageEvents(buffer.pageSize);
    this.next = extent.offset;
    this.end = extent.offset + extent.size;
    const { source, out, bigEndian } = context;
    this.reader = extent.compressed
      ? new ChunkReader(source, out, extent, buffer.pageSize, bigEndian, context.batch >> 2)
      : null;
  }

  /** Where an event of the page stands in the file; for packed data, where its chunk begins. */
  offsetOf(index: number): number {
    return this.reader ? this.blockOffset : this.blockOffset + this.events.start[index];
  }

  /** Goes to the next page that has an event. */
  nextPage(shape: PageShape): Found {
    for (;;) {
      while (this.pageAt < this.block.bytes.length) if (this.walk(shape)) return 'page';
      this.settleChunk();
      const found = this.reader ? this.nextChunk() : this.nextWindow();
      if (found !== 'page') {
        this.block = EMPTY;
        this.pageAt = 0;
        return found;
      }
    }
  }

  /** Resolves when the data that `nextPage` waits for is there. */
  async arrival(): Promise<void> {
    await this.batches[0]?.arrival;
  }

  /** Begins to unpack ahead. */
  prefetch(): void {
    const { context, reader, batches } = this;
    if (!reader) return;
    while (batches.length < 2 || this.aheadBytes < context.ahead) {
      if (!context.pool && batches.length > 0) return;
      const batch = reader.read(
        context.pool ? context.batch : 1,
        this.used.pop() ?? null,
        context.pool !== null,
      );
      if (!batch) return;
      if (!context.budget.take(batch.size)) {
        const [{ offset }] = batch.places;
        context.out.note(
          'error',
          'too-much-memory',
          { offset },
          'chunks are left out: the others fill the memory',
        );
        batch.chunks = batch.parts.map(() => null);
      }
      let arrival = Promise.resolve();
      if (!batch.chunks && context.pool) arrival = context.pool.submit(batch);
      else {
        batch.chunks ??= batch.parts.map(({ offset, length, size }) =>
          context.unpack(batch.packed.subarray(offset, offset + length), size),
        );
      }
      batches.push({ batch, arrival });
      this.aheadBytes += batch.size;
    }
  }

  /** Walks the page at `pageAt`; returns whether it has an event. */
  private walk(shape: PageShape): boolean {
    const { context, events, reader } = this;
    const { out } = context;
    const size = Math.min(this.pageSize, this.block.bytes.length - this.pageAt);
    walkPage(this.block.view, this.pageAt, size, shape, events);
    const place = reader ? this.blockOffset : this.blockOffset + this.pageAt;
    this.pageAt += this.pageSize;
    if (events.lost !== 0) this.lost = this.lost < 0 || events.lost < 0 ? -1 : this.lost + events.lost;
    if (events.damaged) {
      out.unparsed++;
      const message = `a page of CPU ${this.cpu} breaks off after ${events.count} events`;
      out.note('warning', 'damaged-page', { offset: place }, message);
    }
    if (!reader) out.bytes[events.count > 0 ? 'record' : events.damaged ? 'unparsed' : 'marker'] += size;
    if (events.count === 0) return false;
    this.chunkHasEvents = true;
    this.at = 0;
    return true;
  }

  private nextWindow(): Found {
    const { context } = this;
    const wanted = Math.max(1, Math.floor(context.window / this.pageSize)) * this.pageSize;
    const size = Math.min(wanted, this.end - this.next);
    if (size <= 0) return 'end';
    const bytes = this.block.bytes.length === size ? this.block.bytes : new Uint8Array(size);
    const got = context.source.read(this.next, bytes);
    if (got <= 0) return 'end';
    this.blockOffset = this.next;
    this.next += got;
    this.pageAt = 0;
    if (got !== this.block.bytes.length) this.block = blockOf(bytes.subarray(0, got));
    return 'page';
  }

  private nextChunk(): Found {
    const { context, batches } = this;
    const { out } = context;
    if (batches.length > 0 && this.batchAt === batches[0].batch.parts.length) {
      context.budget.give(batches[0].batch.size);
      this.aheadBytes -= batches[0].batch.size;
      this.used.push(batches[0].batch);
      batches.shift();
      this.batchAt = 0;
    }
    this.prefetch();
    if (batches.length === 0) return 'end';
    const { batch } = batches[0];
    this.helpUnpack();
    const { chunks } = batch;
    if (!chunks) return 'wait';
    const place = batch.places[this.batchAt];
    const bytes = chunks[this.batchAt++];
    this.blockOffset = place.offset;
    this.pageAt = 0;
    this.chunkHasEvents = false;
    if (bytes) {
      this.chunkLength = place.length;
      this.block = blockOf(bytes);
      return 'page';
    }
    out.note(
      'error',
      'damaged-chunk',
      { offset: place.offset },
      `a chunk of CPU ${this.cpu} cannot be unpacked: its events are lost`,
    );
    out.bytes.unparsed += place.length;
    out.unparsed++;
    this.lost = -1;
    this.block = EMPTY;
    return 'page';
  }

  /** Instead of waiting: unpacks batches that no thread began, until the first one is there or all are begun. */
  private helpUnpack(): void {
    const { pool } = this.context;
    const { batches } = this;
    while (pool && !batches[0].batch.chunks) {
      if (!batches.some(({ batch }) => !batch.chunks && pool.unpackNow(batch))) return;
    }
  }

  private settleChunk(): void {
    if (this.chunkLength === 0) return;
    this.context.out.bytes[this.chunkHasEvents ? 'record' : 'marker'] += this.chunkLength;
    this.chunkLength = 0;
  }
}
