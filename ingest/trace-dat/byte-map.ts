import type { Bucket } from '../recording.ts';

type Owner = Bucket | 'data';

/** Says for each byte of the file what it is, whatever ranges a damaged file makes overlap. */
export class ByteMap {
  private readonly size: number;
  private readonly ranges: { start: number; end: number; owner: Owner }[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /** `data` is for pages of events, which the page walk accounts for. Ranges beyond the file are cut. */
  add(start: number, end: number, owner: Owner): void {
    const from = Math.max(0, Math.min(start, this.size));
    const to = Math.max(from, Math.min(end, this.size));
    if (to > from) this.ranges.push({ start: from, end: to, owner });
  }

  /** Ranges that nothing owns, in order. */
  gaps(): { start: number; end: number }[] {
    const gaps: { start: number; end: number }[] = [];
    let at = 0;
    for (const { start, end } of this.sorted()) {
      if (start > at) gaps.push({ start: at, end: start });
      at = Math.max(at, end);
    }
    if (at < this.size) gaps.push({ start: at, end: this.size });
    return gaps;
  }

  private sorted() {
    return [...this.ranges].sort((a, b) => a.start - b.start);
  }

  /**
   * Sums per owner. Bytes of pages are `data` whatever else claims them; any other byte of several ranges counts for
   * the first of them, one of none as `unparsed`.
   */
  totals(): Record<Owner, number> {
    const sums: Record<Owner, number> = {
      record: 0,
      continuation: 0,
      marker: 0,
      comment: 0,
      unparsed: 0,
      data: 0,
    };
    const sorted = this.sorted();
    const data = sorted.filter(({ owner }) => owner === 'data');
    const withoutData = (from: number, to: number) =>
      data.reduce(
        (left, { start, end }) => left - Math.max(0, Math.min(to, end) - Math.max(from, start)),
        to - from,
      );
    let at = 0;
    for (const { start, end, owner } of sorted) {
      if (end <= at) continue;
      if (owner !== 'data') sums[owner] += withoutData(Math.max(at, start), end);
      if (start > at) sums.unparsed += withoutData(at, start);
      at = end;
    }
    sums.unparsed += withoutData(at, this.size);
    for (const { start, end } of data) sums.data += end - start;
    return sums;
  }
}
