import { StringPool } from '../../tables/index.ts';
import { type EventTableBuilder, newHeader } from '../event-table.ts';
import type { SourceRecording } from '../recording.ts';
import { forEachArgument, forEachCallArgument } from './arguments.ts';
import { indexOfByte, LEFT_BRACKET, latin1Of, SPACE } from './bytes.ts';
import type { Head } from './head.ts';
import { commStartOf } from './prefix.ts';
import { closeOfNumber, storeNumber, storeTwice, storeValue } from './values.ts';

/** Where a line stands in the source. */
export interface LinePlace {
  readonly offset: number;
  readonly length: number;
  readonly line: number;
}

/** Writes rows of event tables. */
export class EventRows {
  readonly header = newHeader();
  private readonly out: SourceRecording;
  private readonly argumentNames = new StringPool();
  private buffer: Uint8Array = new Uint8Array(0);
  private end = 0;
  private table!: EventTableBuilder;
  private row = 0;

  constructor(out: SourceRecording) {
    this.out = out;
  }

  /** Sets what the head of a line says; `symbol` and everything after it are the caller's. */
  setHead(buffer: Uint8Array, head: Head, place: LinePlace): void {
    const { header, out } = this;
    header.timeLo = head.time.lo;
    header.timeHi = head.time.hi;
    header.timed = head.timed;
    header.cpu = head.cpu;
    header.pid = head.pid;
    header.comm = this.commOf(buffer, head);
    header.flags =
      head.flagsEnd > head.flagsStart ? out.pools.flags.intern(buffer, head.flagsStart, head.flagsEnd) : -1;
    header.symbol = -1;
    header.caller = -1;
    header.isReturn = false;
    header.offset = place.offset;
    header.length = place.length;
    header.line = place.line;
  }

  /** Begins a row with what the header holds. */
  begin(table: EventTableBuilder, seq: number): number {
    this.header.seq = seq;
    this.table = table;
    this.row = table.begin(this.out.id, this.header);
    return this.row;
  }

  internComm(comm: string): number {
    return this.out.pools.comm.internString(comm);
  }

  internSymbol(buffer: Uint8Array, start: number, end: number): number {
    return end > start ? this.out.pools.symbol.intern(buffer, start, end) : -1;
  }

  addText(name: string, buffer: Uint8Array, start: number, end: number): void {
    this.table.field(name).setBytes(this.row, buffer, start, end);
  }

  addNumber(name: string, value: number): void {
    storeNumber(this.table, this.row, name, value);
  }

  addValue(name: string, buffer: Uint8Array, start: number, end: number): void {
    storeValue(this.table, this.row, name, buffer, start, end, false);
  }

  /** The `name=value` arguments of a body. */
  addArguments(buffer: Uint8Array, start: number, end: number): void {
    this.buffer = buffer;
    this.end = end;
    forEachArgument(buffer, start, end, this.onArgument);
  }

  /** The arguments of a call in parentheses. */
  addCallArguments(buffer: Uint8Array, start: number, end: number): void {
    this.buffer = buffer;
    forEachCallArgument(buffer, start, end, this.onCallArgument);
  }

  private readonly onArgument = (ns: number, ne: number, vs: number, ve: number, quoted: boolean): void => {
    const { buffer } = this;
    const name = this.nameOf(buffer, ns, ne);
    if (!quoted && buffer[ve] === SPACE && closeOfNumber(buffer, ve, this.end) > 0) {
      storeTwice(this.table, this.row, name, buffer, vs, ve);
    } else storeValue(this.table, this.row, name, buffer, vs, ve, quoted);
  };

  /** `type=0 [CACHE_TAG_IOTLB]` is a number and its name, `?0x12` a number of unknown type. */
  private readonly onCallArgument = (ns: number, ne: number, vs: number, ve: number): void => {
    const { buffer } = this;
    const name = this.nameOf(buffer, ns, ne);
    const space = indexOfByte(buffer, SPACE, vs, ve);
    if (space > vs && buffer[space + 1] === LEFT_BRACKET && buffer[ve - 1] === 93) {
      storeValue(this.table, this.row, name, buffer, vs, space, false);
      this.addText(`${name}_name`, buffer, space + 2, ve - 1);
    } else storeValue(this.table, this.row, name, buffer, buffer[vs] === 63 ? vs + 1 : vs, ve, false);
  };

  private nameOf(buffer: Uint8Array, start: number, end: number): string {
    return this.argumentNames.get(this.argumentNames.intern(buffer, start, end));
  }

  /** Id of the task's name, without what other programs put before it: marks of quotation, names of files. */
  private commOf(buffer: Uint8Array, head: Head): number {
    if (head.commEnd <= head.commStart) return -1;
    const start = commStartOf(buffer, head.commStart, head.commEnd);
    return start < head.commEnd ? this.out.pools.comm.intern(buffer, start, head.commEnd) : -1;
  }
}

/** Names of the arguments of a body. */
export function argumentNamesOf(buffer: Uint8Array, start: number, end: number): string[] {
  const names: string[] = [];
  forEachArgument(buffer, start, end, (ns, ne) => {
    names.push(latin1Of(buffer, ns, ne));
  });
  return names;
}
