import { bigOf, StringPool } from '../../tables/index.ts';
import type { EventHeader, EventTableBuilder } from '../event-table.ts';
import type { DecodeOptions } from '../format.ts';
import { scanLines } from '../lines.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { forEachArgument, storeArgument } from './arguments.ts';
import { EventLine } from './line.ts';
import { newLocation, parseLocation } from './location.ts';
import { type Mark, readMark } from './marks.ts';

const latin1 = new TextDecoder('latin1');

/** What is known of an event name after its first line. */
interface NameInfo {
  count: number;
  /** Whether the needs want it; -1 = depends on the probed symbol. */
  wanted: 0 | 1 | -1;
  table: EventTableBuilder | null;
}

/**
 * Reads tracefs `trace` and `trace_pipe` text and `trace-cmd report` text. Kinds of event that nobody wants are
 * counted and passed over after their name is read.
 */
export class FtraceTextDecoder {
  private readonly out: SourceRecording;
  private readonly options: DecodeOptions;
  private readonly line = new EventLine();
  private readonly place = newLocation();
  private readonly names = new StringPool();
  private readonly infos: NameInfo[] = [];
  private readonly symbolWanted = new Map<number, boolean>();
  private readonly argumentNames = new StringPool();
  private readonly header: EventHeader = {
    seq: 0,
    timeLo: 0,
    timeHi: 0,
    cpu: -1,
    pid: -1,
    comm: -1,
    flags: -1,
    symbol: -1,
    caller: -1,
    isReturn: false,
    offset: 0,
    length: 0,
    line: 0,
  };
  private seq = 0;
  private lineNumber = 0;
  private lastLo = 0;
  private lastHi = 0;
  private decimals = -1;
  /** Losses whose end is the next event. */
  private pendingLosses: {
    mark: Mark & { kind: 'lost' | 'buffer-started' };
    offset: number;
    line: number;
  }[] = [];
  private entries: (Mark & { kind: 'entries' }) | null = null;
  private inRecord = false;
  private current: { buffer: Uint8Array; table: EventTableBuilder; row: number } | null = null;

  constructor(out: SourceRecording, options: DecodeOptions) {
    this.out = out;
    this.options = options;
  }

  decode(source: ByteSource): void {
    const scan = scanLines(
      source,
      this.options.chunkSize,
      (buffer, start, end, offset, length) => {
        const isLast = offset + length === source.size;
        this.lineNumber++;
        if (isLast && buffer[start + length - 1] !== 10) this.onCut(offset, length);
        else this.onLine(buffer, start, end, offset, length);
      },
      this.options.progress,
    );
    if (scan.longLines > 0) {
      this.out.note(
        'warning',
        'long-line',
        null,
        `${scan.longLines} lines longer than 1 MiB were read in part only`,
      );
    }
    this.finish();
  }

  private onLine(buffer: Uint8Array, start: number, end: number, offset: number, length: number): void {
    const { line } = this;
    if (buffer[start] !== 35 && line.parse(buffer, start, end)) {
      this.out.bytes.record += length;
      this.inRecord = true;
      this.onEvent(buffer, end, offset, length);
      return;
    }
    this.onOther(latin1.decode(buffer.subarray(start, Math.min(end, start + 512))), offset, length);
  }

  private onEvent(buffer: Uint8Array, end: number, offset: number, length: number): void {
    const { line, out } = this;
    const { lo, hi } = line.time;
    const seq = this.seq++;
    if (seq === 0) {
      out.firstNs = bigOf(lo, hi);
      this.setPrecision();
    }
    if (this.pendingLosses.length > 0) this.writeLosses(lo, hi);
    this.lastLo = lo;
    this.lastHi = hi;

    const nameId = line.isFunctionEntry
      ? this.names.internString('function')
      : this.names.intern(buffer, line.nameStart, line.nameEnd);
    let info = this.infos[nameId];
    if (!info) {
      info = this.firstSight(nameId, buffer, end);
      this.infos[nameId] = info;
    }
    info.count++;
    if (info.wanted === 0) return;

    const { place, header } = this;
    const located = !line.isFunctionEntry && parseLocation(buffer, line.bodyStart, end, place);
    const symbol =
      located && place.symbolEnd > place.symbolStart
        ? out.pools.symbol.intern(buffer, place.symbolStart, place.symbolEnd)
        : -1;
    if (info.wanted === -1 && !this.wantsSymbol(nameId, symbol, buffer, end)) return;

    header.seq = seq;
    header.timeLo = lo;
    header.timeHi = hi;
    header.cpu = line.cpu;
    header.pid = line.pid;
    header.comm = out.pools.comm.intern(buffer, line.commStart, line.commEnd);
    header.flags =
      line.flagsEnd > line.flagsStart ? out.pools.flags.intern(buffer, line.flagsStart, line.flagsEnd) : -1;
    header.symbol = symbol;
    header.caller =
      located && place.isReturn ? out.pools.symbol.intern(buffer, place.callerStart, place.callerEnd) : -1;
    header.isReturn = located && place.isReturn;
    header.offset = offset;
    header.length = length;
    header.line = this.lineNumber;

    info.table ??= out.events(this.names.get(nameId));
    const table = info.table;
    const row = table.begin(out.id, header);
    if (located && place.addressEnd > place.addressStart) {
      table.field('address').setBytes(row, buffer, place.addressStart, place.addressEnd);
    }
    if (!located) table.field('text').setBytes(row, buffer, line.bodyStart, end);
    this.current = { buffer, table, row };
    forEachArgument(buffer, located ? place.after : line.bodyStart, end, this.onArgument);
  }

  private readonly onArgument = (ns: number, ne: number, vs: number, ve: number, quoted: boolean): void => {
    const { buffer, table, row } = this.current as NonNullable<typeof this.current>;
    const name = this.argumentNames.get(this.argumentNames.intern(buffer, ns, ne));
    storeArgument(table, row, name, buffer, vs, ve, quoted);
  };

  private firstSight(nameId: number, buffer: Uint8Array, end: number): NameInfo {
    const name = this.names.get(nameId);
    const located = !this.line.isFunctionEntry && parseLocation(buffer, this.line.bodyStart, end, this.place);
    if (located && this.place.symbolEnd > this.place.symbolStart)
      return { count: 0, wanted: -1, table: null };
    const wants = this.options.needs.wants({
      name,
      system: null,
      symbol: null,
      isReturn: located && this.place.isReturn,
      fields: this.argumentNamesOf(buffer, end),
    });
    return { count: 0, wanted: wants ? 1 : 0, table: null };
  }

  private wantsSymbol(nameId: number, symbol: number, buffer: Uint8Array, end: number): boolean {
    const key = (nameId * 65536 + symbol) * 2 + (this.place.isReturn ? 1 : 0);
    let wanted = this.symbolWanted.get(key);
    if (wanted === undefined) {
      wanted = this.options.needs.wants({
        name: this.names.get(nameId),
        system: null,
        symbol: symbol < 0 ? null : this.out.pools.symbol.get(symbol),
        isReturn: this.place.isReturn,
        fields: this.argumentNamesOf(buffer, end),
      });
      this.symbolWanted.set(key, wanted);
    }
    return wanted;
  }

  private argumentNamesOf(buffer: Uint8Array, end: number): string[] {
    const names: string[] = [];
    forEachArgument(buffer, this.line.bodyStart, end, (ns, ne) => {
      names.push(latin1.decode(buffer.subarray(ns, ne)));
    });
    return names;
  }

  private onOther(text: string, offset: number, length: number): void {
    const { out } = this;
    const mark = readMark(text);
    switch (mark?.kind) {
      case 'lost':
      case 'buffer-started':
        out.bytes.marker += length;
        this.pendingLosses.push({ mark, offset, line: this.lineNumber });
        return;
      case 'entries':
        out.bytes.comment += length;
        this.onEntries(mark, offset);
        return;
      case 'tracer':
        out.bytes.comment += length;
        out.detail = `tracefs trace (${mark.name})`;
        return;
      case 'latency-header':
        out.bytes.comment += length;
        out.kernelRelease = mark.release;
        return;
      case 'report-header':
        out.bytes.comment += length;
        out.detail = 'trace-cmd report';
        return;
      case 'comment':
        out.bytes.comment += length;
        return;
      case 'continuation':
        if (this.inRecord) {
          out.bytes.continuation += length;
          return;
        }
    }
    out.bytes.unparsed += length;
    out.unparsed++;
    out.note(
      'warning',
      'unparsed-line',
      { offset, line: this.lineNumber },
      `line of no known kind (an event line is "comm-pid [cpu] time: event: ..."): ${text.slice(0, 100)}`,
    );
  }

  private onEntries(mark: Mark & { kind: 'entries' }, offset: number): void {
    this.entries = mark;
    if (mark.written <= mark.inBuffer) return;
    const count = BigInt(mark.written - mark.inBuffer);
    this.out.loss({
      kind: 'overwritten',
      cpu: null,
      count,
      seq: 0,
      from_ns: null,
      to_ns: null,
      offset: BigInt(offset),
      line: this.lineNumber,
      message: `${count} events were overwritten before the trace was read (buffer holds ${mark.inBuffer} of ${mark.written})`,
    });
  }

  private writeLosses(lo: number, hi: number): void {
    for (const { mark, offset, line } of this.pendingLosses) {
      const from = this.seq > 1 ? bigOf(this.lastLo, this.lastHi) : null;
      const to = hi < 0 ? null : bigOf(lo, hi);
      if (mark.kind === 'lost') this.writeLost(mark, from, to, offset, line);
      else if (this.entries && this.entries.written > this.entries.inBuffer) {
        // The buffers of the CPUs begin at different times when the oldest events were overwritten.
        this.out.loss({
          kind: 'buffer-start',
          cpu: mark.cpu,
          count: null,
          seq: this.seq - 1,
          from_ns: null,
          to_ns: to,
          offset: BigInt(offset),
          line,
          message: `events of CPU ${mark.cpu} before this point were overwritten`,
        });
      }
    }
    this.pendingLosses = [];
  }

  private writeLost(
    mark: Mark & { kind: 'lost' },
    from: bigint | null,
    to: bigint | null,
    offset: number,
    line: number,
  ): void {
    this.out.loss({
      kind: mark.dropped ? 'dropped' : 'lost',
      cpu: mark.cpu,
      count: mark.count,
      seq: to === null ? this.seq : this.seq - 1,
      from_ns: from,
      to_ns: to,
      offset: BigInt(offset),
      line,
      message: `CPU ${mark.cpu} lost ${mark.count === null ? 'an unknown number of' : mark.count} events`,
    });
  }

  private onCut(offset: number, length: number): void {
    this.out.complete = false;
    this.out.bytes.unparsed += length;
    this.out.unparsed++;
    this.writeCut(offset, 'the input ends without a line end: its last line may be cut and was not used');
  }

  private writeCut(offset: number, message: string): void {
    this.out.note('warning', 'cut', { offset, line: this.lineNumber }, message);
    this.out.loss({
      kind: 'cut',
      cpu: null,
      count: null,
      seq: this.seq,
      from_ns: this.seq > 0 ? bigOf(this.lastLo, this.lastHi) : null,
      to_ns: null,
      offset: BigInt(offset),
      line: this.lineNumber,
      message,
    });
  }

  private setPrecision(): void {
    const { out } = this;
    this.decimals = this.line.decimals;
    out.timeUnit = this.decimals === 0 ? 'ticks' : 'ns';
    out.precisionNs = this.decimals === 0 ? null : 10 ** (9 - this.decimals);
  }

  private finish(): void {
    const { out } = this;
    if (this.seq > 0) out.lastNs = bigOf(this.lastLo, this.lastHi);
    for (const { mark, offset, line } of this.pendingLosses) {
      if (mark.kind === 'lost') this.writeLost(mark, bigOf(this.lastLo, this.lastHi), null, offset, line);
    }
    this.pendingLosses = [];
    out.records += this.seq;
    this.infos.forEach((info, id) => {
      if (info) out.eventCounts.set(this.names.get(id), info.count);
    });
    if (out.complete && this.entries && this.seq < this.entries.inBuffer) {
      out.complete = false;
      const missing = this.entries.inBuffer - this.seq;
      this.writeCut(
        out.size,
        `the header promises ${this.entries.inBuffer} events and the text has ${this.seq}: ${missing} were cut off or filtered out`,
      );
    }
  }
}
