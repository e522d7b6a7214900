import { StringPool, type WordPair } from '../../tables/index.ts';
import { newHeader } from '../event-table.ts';
import type { DecodeOptions } from '../format.ts';
import { formatAddress } from '../lspci/address.ts';
import type { RecordPlace } from '../place.ts';
import type { SourceRecording } from '../recording.ts';
import { AccessBlock } from './access-block.ts';
import type { ConfigAccess } from './config-access.ts';
import { kindOf, meaningsOf, namedIn } from './meaning.ts';
import { BytesMemo } from './memo.ts';
import { EventRow } from './row.ts';

/** What is known of an event by its name. */
export interface EventInfo {
  readonly name: string;
  count: number;
  readonly isConfigAccess: boolean;
  readonly meanings: ReturnType<typeof meaningsOf>;
  /** NULL until its first event asked whether somebody wants it. */
  wanted: boolean | null;
  row: EventRow | null;
}

/** Names and values of a record's time. `known` is false for a log without times. */
export interface RecordTime extends WordPair {
  known: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: false });

/** Writes what the readers of the text and of the binary trace find. */
export class TraceSink {
  readonly out: SourceRecording;
  private readonly options: DecodeOptions;
  private readonly names = new StringPool();
  private readonly infos: EventInfo[] = [];
  private readonly lastName = new BytesMemo();
  private readonly lastDevice = new BytesMemo();
  private readonly block: AccessBlock;
  private readonly functions: StringPool;
  private readonly slots: StringPool;
  private readonly devices: StringPool;
  /** The log has times, and lines; all its records have, or none. */
  private timed = false;
  private isText = false;
  /** Pool ids of addresses and their texts by routing id, -1 = not yet asked. */
  private readonly functionIds = new Int32Array(65536).fill(-1);
  private readonly slotIds = new Int32Array(65536);
  private readonly header = newHeader();
  seq = 0;

  constructor(out: SourceRecording, options: DecodeOptions) {
    this.out = out;
    this.options = options;
    const table = out.configAccesses;
    this.block = new AccessBlock(table, out.id);
    const poolOf = (name: 'function' | 'slot' | 'device') => table.column(name).pool as StringPool;
    this.functions = poolOf('function');
    this.slots = poolOf('slot');
    this.devices = poolOf('device');
  }

  infoOf(buffer: Uint8Array, start: number, end: number): EventInfo {
    let id = this.lastName.get(buffer, start, end);
    if (id < 0) {
      id = this.names.intern(buffer, start, end);
      this.lastName.set(buffer, start, end, id);
    }
    let info = this.infos[id];
    if (!info) {
      const name = this.names.get(id);
      info = {
        name,
        count: 0,
        isConfigAccess: name === 'pci_cfg_read' || name === 'pci_cfg_write',
        meanings: meaningsOf(name),
        wanted: null,
        row: null,
      };
      this.infos[id] = info;
    }
    return info;
  }

  infoOfName(name: string): EventInfo {
    const bytes = encoder.encode(name);
    return this.infoOf(bytes, 0, bytes.length);
  }

  /** Whether somebody wants the rows of this event; `fields` is asked for its names once. */
  wants(info: EventInfo, fields: () => readonly string[]): boolean {
    info.wanted ??= this.options.needs.wants({
      name: info.name,
      system: 'qemu',
      symbol: null,
      isReturn: false,
      fields: fields(),
    });
    return info.wanted;
  }

  /** Begins the row of an event in the table of its kind. Without times the number of the record stands for one. */
  begin(info: EventInfo, time: RecordTime, thread: number, place: RecordPlace): EventRow {
    const { header } = this;
    header.seq = this.seq;
    header.timeLo = time.known ? time.lo : this.seq;
    header.timeHi = time.known ? time.hi : 0;
    header.pid = thread;
    header.offset = place.offset;
    header.length = place.length;
    header.line = place.line || -1;
    info.row ??= new EventRow(this.out.events(info.name, 'qemu'));
    return info.row.at(info.row.table.begin(this.out.id, header));
  }

  configAccess(buffer: Uint8Array, access: ConfigAccess, time: RecordTime, place: RecordPlace): void {
    const { block } = this;
    this.timed = time.known;
    this.isText = place.line > 0;
    const at = block.next(this.timed, this.isText);
    block.seq[at] = this.seq;
    block.time[at * 2] = time.lo;
    block.time[at * 2 + 1] = time.hi;
    block.isWrite[at] = access.isWrite ? 1 : 0;
    this.setFunction(at, buffer, access);
    block.device[at] = this.deviceId(buffer, access.deviceStart, access.deviceEnd);
    block.where[at] = access.where;
    block.value[at] = access.value;
    block.offset[at * 2] = place.offset;
    block.offset[at * 2 + 1] = place.offset / 4294967296;
    block.size[at] = place.length;
    block.line[at] = place.line;
  }

  /** Writes what an event with a meaning says. `text` is what it prints behind its name. */
  simulatorEvent(info: EventInfo, text: string, time: RecordTime, place: RecordPlace): void {
    const kind = kindOf(info.meanings, text);
    if (kind === null) return;
    const named = namedIn(info.name, text);
    this.out.simulatorEvent({
      seq: this.seq,
      time_ns: time.known ? (BigInt(time.hi | 0) << 32n) | BigInt(time.lo >>> 0) : null,
      kind,
      event: info.name,
      function: named.rid === null ? null : formatAddress(0, named.rid),
      device: named.device,
      count: named.count,
      text,
      offset: BigInt(place.offset),
      length: place.length,
      line: place.line || null,
    });
  }

  finish(): void {
    this.block.flush(this.timed, this.isText);
    this.out.records += this.seq;
    for (const info of this.infos) this.out.eventCounts.set(info.name, info.count);
  }

  private deviceId(buffer: Uint8Array, start: number, end: number): number {
    let id = this.lastDevice.get(buffer, start, end);
    if (id < 0) {
      id = this.devices.intern(buffer, start, end);
      this.lastDevice.set(buffer, start, end, id);
    }
    return id;
  }

  private setFunction(at: number, buffer: Uint8Array, access: ConfigAccess): void {
    const { block, functions, slots } = this;
    const { rid, domain, slotStart, slotEnd } = access;
    block.hasFunction[at] = rid < 0 ? 0 : 1;
    if (rid < 0 || domain !== 0 || slotEnd - slotStart !== SLOT_LENGTH) {
      block.slot[at] = slots.intern(buffer, slotStart, slotEnd);
      block.fn[at] = rid < 0 ? 0 : functions.internString(formatAddress(domain, rid));
      return;
    }
    // Of this length there is one text to a routing id.
    if (this.functionIds[rid] < 0) {
      this.functionIds[rid] = functions.internString(formatAddress(0, rid));
      this.slotIds[rid] = slots.intern(buffer, slotStart, slotEnd);
    }
    block.fn[at] = this.functionIds[rid];
    block.slot[at] = this.slotIds[rid];
  }
}

/** Length of `01:00.1`. */
const SLOT_LENGTH = 7;
/** Bytes as text; what is no UTF-8 becomes U+FFFD. */
export function textOf(buffer: Uint8Array, start: number, end: number): string {
  return decoder.decode(buffer.subarray(start, Math.max(start, end)));
}
