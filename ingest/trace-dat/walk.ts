import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import type { Compression, Unpack } from './compression.ts';
import type { PagesInfo } from './container.ts';
import { Budget, CpuStream, type StreamContext } from './cpu-stream.ts';
import { StreamHeap } from './merge.ts';
import type { PageShape } from './pages.ts';
import { UnpackPool } from './unpack-pool.ts';

/** Memory for pages of all CPUs together; with the tables of an analysis the process stays far below 1 GB. */
const PAGE_MEMORY = 256 * 1024 * 1024;
const MIN_WINDOW = 65536;
/** Bytes of unpacked pages that go to a thread at a time: few messages, and soon enough back. */
const MAX_BATCH = 524288;
/** Bytes that are unpacked ahead of the walk, all CPUs together: what threads do while formats and symbols are read. */
const AHEAD = 8 * 1048576;
/** Threads pay off for packed files of this many bytes and more: starting one takes some 50 ms. */
const WORTH_THREADS = 4 * 1024 * 1024;

/** Bytes of pages, unpacked, that hold a million events and more. */
const LARGE = 64 * 1024 * 1024;
/** How much smaller packed pages are, at least. */
const USUAL_RATIO = 4;

/** Whether a file of this size holds so many events that some kinds of them are frequent. */
export function isLarge(size: number, compression: Compression): boolean {
  return size * (compression === 'none' ? 1 : USUAL_RATIO) >= LARGE;
}

/** Threads for a packed file of a size that is worth them; null for other files. */
export function poolFor(size: number, compression: Compression, unpack: Unpack): UnpackPool | null {
  return compression === 'none' || size < WORTH_THREADS ? null : new UnpackPool(compression, unpack);
}

/** A stream for each CPU of each buffer that has data: in the order of the buffers, then of the CPUs. */
export function openStreams(
  source: ByteSource,
  out: SourceRecording,
  { bigEndian, buffers, unpack }: PagesInfo,
  chunkSize: number,
  pool: UnpackPool | null,
): CpuStream[] {
  const cpus = buffers.reduce((sum, buffer) => sum + buffer.cpus.length, 0);
  const share = Math.max(MIN_WINDOW, Math.floor(PAGE_MEMORY / 4 / Math.max(1, cpus)));
  const budget = new Budget(PAGE_MEMORY);
  const context: StreamContext = {
    source,
    bigEndian,
    out,
    unpack,
    pool,
    budget,
    window: Math.min(chunkSize, share),
    batch: Math.min(MAX_BATCH, share),
    ahead: Math.min(AHEAD, PAGE_MEMORY / 4) / Math.max(1, cpus),
  };
  const streams: CpuStream[] = [];
  for (const buffer of buffers) {
    for (const extent of [...buffer.cpus].sort((a, b) => a.cpu - b.cpu)) {
      if (extent.size > 0) streams.push(new CpuStream(context, buffer, extent, streams.length));
    }
  }
  return streams;
}

/**
 * Goes through the events of all streams in the order (time, stream), as `trace-cmd report` does, in runs of events
 * `[from, to)` of one page of one stream. Between pages it waits for what `pause` gives.
 */
export async function walkMerged(
  streams: readonly CpuStream[],
  shape: PageShape,
  onRun: (stream: CpuStream, from: number, to: number) => void,
  progress: () => void = () => {},
  pause: () => Promise<void> | null = () => null,
): Promise<void> {
  const heap = new StreamHeap();
  for (const stream of streams) stream.prefetch();
  for (const stream of streams) {
    let found = stream.nextPage(shape);
    while (found === 'wait') {
      await stream.arrival();
      found = stream.nextPage(shape);
    }
    if (found === 'page') heap.push(stream);
  }
  let runs = 0;
  while (heap.size > 0) {
    const stream = heap.first();
    const from = stream.at;
    const to = heap.runEnd();
    onRun(stream, from, to);
    stream.given += to - from;
    stream.lastLo = stream.events.timeLo[to - 1];
    stream.lastHi = stream.events.timeHi[to - 1];
    stream.at = to;
    if (to < stream.events.count) heap.settle();
    else {
      const ready = pause();
      if (ready) await ready;
      let found = stream.nextPage(shape);
      while (found === 'wait') {
        await stream.arrival();
        found = stream.nextPage(shape);
      }
      if (found === 'page') heap.settle();
      else heap.dropFirst();
    }
    if ((++runs & 4095) === 0) progress();
  }
}
