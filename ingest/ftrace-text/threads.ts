import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { DecodeOptions } from '../format.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { type Block, BlockReader, newBlock } from './blocks.ts';
import { LF } from './bytes.ts';
import { NameTable } from './name-table.ts';
import { readOnOneThread, TextReader } from './read.ts';
import { ScanResult } from './scanner.ts';
import { DONE, FILLED, IDLE, newSharedSlots, SlotStates } from './slots.ts';

/** Below this a second thread costs more than it brings. */
const WORTH_A_THREAD = 32 << 20;

/** Blocks that are read ahead. */
const SLOTS = 8;

/** A thread that takes longer for a block waits for a CPU itself: the block is scanned here once more. */
const PATIENCE_MS = 1;

/** A thread that does not come back with a block by then has died. */
const LIFETIME_MS = 10_000;

/** The bundle of `scan-worker.ts`, where this is run from a bundle; absent where it is run from its sources. */
function bundledWorker(): URL | null {
  const url = new URL('./ftrace-scan-worker.mjs', import.meta.url);
  return url.protocol === 'file:' && existsSync(fileURLToPath(url)) ? url : null;
}

export interface ThreadOptions {
  /** The script of the scanning thread; null for one thread. */
  readonly worker?: URL | null;
  /** Sources of fewer bytes are read on one thread. */
  readonly worthIt?: number;
}

/**
 * Reads a text with a second thread that scans blocks ahead of the one that decodes. What is read is the same with one
 * thread: which thread scans a block changes nothing, and blocks are decoded in their order.
 */
export function readText(
  source: ByteSource,
  out: SourceRecording,
  options: DecodeOptions,
  { worker = bundledWorker(), worthIt = WORTH_A_THREAD }: ThreadOptions = {},
): void {
  if (!worker || source.size < worthIt || availableParallelism() < 2) {
    readOnOneThread(source, out, options);
    return;
  }
  const names = NameTable.shared();
  const reader = new TextReader(out, options, names);
  const pipeline = new Pipeline(source, options, reader, worker);
  try {
    pipeline.run();
  } finally {
    pipeline.end();
  }
  reader.finish();
}

class Pipeline {
  private readonly options: DecodeOptions;
  private readonly reader: TextReader;
  private readonly blocks: BlockReader;
  private readonly states: SlotStates;
  private readonly buffers: readonly Buffer[];
  private readonly results: readonly ScanResult[];
  private readonly places: readonly Block[];
  private readonly worker: Worker;
  /** Slots count up without end; `slot % SLOTS` is the place. */
  private filled = 0;
  private decoded = 0;
  /** True when the other thread is not to be counted on any more. */
  private alone = false;

  constructor(source: ByteSource, options: DecodeOptions, reader: TextReader, worker: URL) {
    this.options = options;
    this.reader = reader;
    this.blocks = new BlockReader(source, options.chunkSize);
    const shared = newSharedSlots(SLOTS, options.chunkSize, reader.names.memory);
    this.states = new SlotStates(shared.control);
    this.buffers = shared.blocks.map((block) => Buffer.from(block));
    this.results = shared.results.map((result) => new ScanResult(result));
    this.places = shared.blocks.map(newBlock);
    this.worker = new Worker(worker, { workerData: shared });
    this.worker.unref();
    // A thread that fails leaves its blocks to this one.
    this.worker.on('error', () => {});
  }

  run(): void {
    // The names that nobody wants are mostly known after the first block, and the other thread needs them.
    if (this.fillNext(false)) this.decodeNext();
    for (;;) {
      while (this.filled - this.decoded < SLOTS && this.fillNext(true));
      if (this.decoded === this.filled) return;
      this.scanOldest();
      this.decodeNext();
    }
  }

  end(): void {
    this.states.end();
  }

  /** Reads the next block into a free slot; `offer` lets the other thread scan it. */
  private fillNext(offer: boolean): boolean {
    const slot = this.filled % SLOTS;
    const buffer = this.buffers[slot];
    const block = this.places[slot];
    this.reclaim(slot);
    if (!this.blocks.next(buffer, block)) return false;
    this.filled++;
    if (!offer || this.alone || block.skipped > 0 || this.reader.needsAllLines) return true;
    this.states.fill(slot, block.openEnd ? buffer.lastIndexOf(LF, block.end - 1) + 1 : block.end);
    return true;
  }

  /** Makes sure that no other thread still looks at what was in a slot. */
  private reclaim(slot: number): void {
    const { states } = this;
    if (states.state(slot) === IDLE) return;
    if (states.state(slot) !== DONE && !states.waitDone(slot, LIFETIME_MS)) this.alone = true;
    states.set(slot, IDLE);
  }

  /** Sees to it that the block to be decoded next is scanned, with work on others in the meantime. */
  private scanOldest(): void {
    const { states } = this;
    const oldest = this.decoded % SLOTS;
    if (states.state(oldest) === IDLE) return;
    if (this.scan(oldest)) return;
    for (let ahead = this.decoded + 1; ahead < this.filled && states.state(oldest) !== DONE; ahead++) {
      this.scan(ahead % SLOTS);
    }
    if (states.state(oldest) !== DONE) states.waitDone(oldest, PATIENCE_MS);
  }

  /** Scans a slot here. Returns false when the other thread has it. */
  private scan(slot: number): boolean {
    if (this.states.state(slot) !== FILLED || !this.states.take(slot)) return false;
    this.reader.scan(this.buffers[slot], this.states.size(slot), this.results[slot]);
    this.states.set(slot, DONE);
    return true;
  }

  private decodeNext(): void {
    const slot = this.decoded % SLOTS;
    const block = this.places[slot];
    const scanned = !this.alone && this.states.state(slot) === DONE;
    this.reader.decode(this.buffers[slot], block, scanned ? this.results[slot] : null);
    if (scanned) this.states.set(slot, IDLE);
    this.decoded++;
    this.options.progress?.(block.offset + block.end + block.skipped);
  }
}
