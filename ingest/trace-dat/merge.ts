import type { CpuStream } from './cpu-stream.ts';

/** True when the next event of `a` comes before that of `b`: by time, then by place among the streams. */
function before(a: CpuStream, b: CpuStream): boolean {
  const aHi = a.events.timeHi[a.at];
  const bHi = b.events.timeHi[b.at];
  if (aHi !== bHi) return aHi < bHi;
  const aLo = a.events.timeLo[a.at];
  const bLo = b.events.timeLo[b.at];
  return aLo !== bLo ? aLo < bLo : a.order < b.order;
}

/** A heap of streams; the first has the earliest event. */
export class StreamHeap {
  private readonly heap: CpuStream[] = [];

  get size(): number {
    return this.heap.length;
  }

  push(stream: CpuStream): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(stream);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(stream, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = stream;
  }

  first(): CpuStream {
    return this.heap[0];
  }

  /** Restores the order after the first stream went on. */
  settle(): void {
    this.sink(this.heap[0]);
  }

  dropFirst(): void {
    const last = this.heap.pop();
    if (last && this.heap.length > 0) this.sink(last);
  }

  /** End of the run of events of the first stream, within its page, that come before all other streams. */
  runEnd(): number {
    const { heap } = this;
    const stream = heap[0];
    const { events } = stream;
    if (heap.length === 1) return events.count;
    const rival = heap.length > 2 && before(heap[2], heap[1]) ? heap[2] : heap[1];
    const limitLo = rival.events.timeLo[rival.at];
    const limitHi = rival.events.timeHi[rival.at];
    const { timeLo, timeHi, count } = events;
    const winsTie = stream.order < rival.order;
    // Most runs are a page or more on a busy CPU, or an event or two: both are found without a search.
    const last = count - 1;
    if (events.ordered && (timeHi[last] < limitHi || (timeHi[last] === limitHi && timeLo[last] < limitLo)))
      return count;
    let at = stream.at + 1;
    for (; at < count; at++) {
      const hi = timeHi[at];
      if (hi < limitHi) continue;
      const lo = timeLo[at];
      if (hi > limitHi || lo > limitLo || (lo === limitLo && !winsTie)) break;
    }
    return at;
  }

  private sink(stream: CpuStream): void {
    const { heap } = this;
    const { length } = heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], stream)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = stream;
  }
}
