import { nanosecondsOf, type StringPool, type WordPair } from '../../tables/index.ts';
import { ascii, findByte, LF, SPACE, startsWith, viewOf, wordEnd } from '../ascii.ts';
import {
  BRACKET,
  BYTE_CLASS,
  CONTROL,
  HIGH,
  isPlainWord,
  mayBeTime,
  PLAIN,
  repairUtf8,
  type Utf8Result,
  withoutControls,
} from '../paste/clean.ts';
import type { RecordPlace } from '../place.ts';
import type { LossRow, SourceRecording } from '../recording.ts';
import { type Named, readDevice } from './device.ts';
import { type Head, NONE, RELATIVE, type Rendering, TIME_KINDS, UPTIME } from './head.ts';
import { type LogRecord, noRecord, timeIn, timeOf } from './record.ts';
import { SplatReader } from './splats.ts';
import { StagedRecords } from './staging.ts';
import { suppressedIn } from './suppressed.ts';

const decoder = new TextDecoder();

const LINUX_VERSION = ascii('Linux version ');
/** arm and arm64 print this before the version (arch/arm64/kernel/setup.c, smp_setup_processor_id()). */
const BOOTING = ascii('Booting Linux on physical CPU');
/** A console may print records of several CPUs a little out of order; a new boot goes back further. */
const REORDER_SECONDS = 10;
const MAX_BOOTS = 65535;
/** Mean length of a line with a record, at the lower end; what more rows need is made when they come. */
const LINE_BYTES = 44;
/** Sources are taken to have up to so many bytes. */
const MAX_EXPECTED = 1 << 28;
const TWO_32 = 4294967296;
/** The nanoseconds of fewer seconds are integers below 2^53, which a number holds exactly. */
const EXACT_SECONDS = 9_000_000;

/**
 * Writes rows of `log_records`. A record stays open until the next one begins, because what follows it may still belong to it:
 * dictionary lines, the rest of a wrapped or multi-line message.
 */
export class RecordWriter {
  readonly splats: SplatReader;
  /** How often each rendering was seen. */
  readonly renderings = new Map<Rendering, number>();
  isOpen = false;
  /** True when a record had the time since boot. */
  hasUptime = false;
  private readonly out: SourceRecording;
  private readonly staged: StagedRecords;
  private readonly devices: StringPool;
  private readonly drivers: StringPool;
  private readonly callers: StringPool;
  private readonly kindIds: number[];
  private readonly pair: WordPair = { lo: 0, hi: 0 };
  private readonly named: Named = { driverEnd: 0, deviceStart: 0, deviceEnd: 0 };
  private readonly utf8: Utf8Result = { length: 0, noBreaks: 0, invalid: 0 };
  private viewed: Uint8Array | null = null;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private spare = new Uint8Array(4096);
  private classes = 0;
  private level = -1;
  private facility = -1;
  private kernel = true;
  private deviceId = -1;
  private driverId = -1;
  /** `driver device:` of the last message that began with one, and what it names. */
  private readonly lastName = new Uint8Array(128);
  private lastLength = 0;
  private lastDevice = -1;
  private lastDriver = -1;
  private rendering: Rendering = 'text without times';
  private renderingCount = 0;
  private sawVersion = false;
  /** Time of the last record with an uptime in this boot. */
  private lastSeconds = -1;
  private relativeSeconds = 0;
  private relativeNanos = 0;
  private firstKind = NONE;
  private endSeconds = 0;
  private endNanos = 0;
  private readonly losses: LossRow[] = [];
  private lastSequence = -1;
  private readonly record: LogRecord;

  constructor(out: SourceRecording) {
    this.out = out;
    this.splats = new SplatReader(out);
    const table = out.logRecords;
    const size = Math.min(out.size, MAX_EXPECTED);
    table.expect(Math.ceil(size / LINE_BYTES), size);
    this.staged = new StagedRecords(table, out.id, out.path);
    this.devices = table.column('device').pool as StringPool;
    this.drivers = table.column('driver').pool as StringPool;
    this.callers = table.column('caller').pool as StringPool;
    const kinds = table.column('time_kind').pool as StringPool;
    this.kindIds = TIME_KINDS.map((kind) => kinds.internString(kind));
    this.record = noRecord(this.staged.text);
  }

  /** The record that is about to be read stands here. */
  private openAt(offset: number, length: number, line: number): void {
    const { record } = this;
    this.isOpen = true;
    this.classes = 0;
    record.textLength = 0;
    record.textOffset = -1;
    record.offset = offset;
    record.length = length;
    record.line = line;
  }

  /** Ends the open record and begins another. `bytes` is the line that `head` was read from. */
  begin(head: Head, bytes: Uint8Array, offset: number, length: number, line: number): void {
    if (this.isOpen) this.end();
    const { record } = this;
    this.openAt(offset, length, line);
    record.timeKind = head.timeKind;
    record.seconds = head.seconds;
    record.nanos = head.nanos;
    record.caller = head.callerStart < 0 ? -1 : this.callers.intern(bytes, head.callerStart, head.callerEnd);
    this.level = head.level;
    this.facility = head.facility;
    this.kernel = head.kernel;
    this.deviceId = -1;
    this.driverId = -1;
    if (head.rendering !== this.rendering) {
      this.countRendering();
      this.rendering = head.rendering;
    }
    this.renderingCount++;
    if (head.timeKind === RELATIVE) this.addRelative(head);
    if (head.sequence >= 0) this.checkSequence(head.sequence);
    if (head.timeKind !== NONE && this.out.precisionNs === null) this.out.precisionNs = head.stepNs;
  }

  /** Says where the message of the open record stands in the source. */
  placeText(offset: number, end: number): void {
    this.record.textOffset = offset;
    this.record.textEndOffset = end;
  }

  /**
   * Appends to the message of the open record up to a bracket, not at `start`, that may open the head of a second record merged
   * into the line. Returns the index of that bracket, or `end`.
   */
  append(bytes: Uint8Array, start: number, end: number): number {
    const { record, staged } = this;
    staged.reserveText(record.textLength + end - start);
    const { textView } = staged;
    const view = this.viewOf(bytes);
    const shift = staged.textAt + record.textLength - start;
    const lastWord = end - 3;
    let classes = this.classes;
    let stop = start;
    while (stop < end) {
      if (stop < lastWord) {
        const word = view.getInt32(stop, true);
        if (isPlainWord(word)) {
          textView.setInt32(shift + stop, word, true);
          stop += 4;
          continue;
        }
      }
      const byte = bytes[stop];
      const kind = BYTE_CLASS[byte];
      if (kind !== PLAIN) {
        if (kind === BRACKET && stop > start && mayBeTime(bytes[stop + 1])) break;
        classes |= kind;
      }
      textView.setUint8(shift + stop, byte);
      stop++;
    }
    this.classes = classes;
    record.textLength += stop - start;
    return stop;
  }

  /** The words of a line's buffer, which is mostly that of the line before. */
  viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.viewed) {
      this.viewed = bytes;
      this.view = viewOf(bytes);
    }
    return this.view;
  }

  /** True when the message so far ends in a space. */
  get endsInSpace(): boolean {
    const { record, staged } = this;
    return record.textLength > 0 && staged.text[staged.textAt + record.textLength - 1] === SPACE;
  }

  /** Appends all of `[start, end)`. */
  appendAll(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) at = this.append(bytes, at, end);
  }

  /** Appends `[start, end)`, whose further lines become records of their own. */
  appendLines(bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    for (let at = findByte(bytes, LF, from, end); at >= 0; at = findByte(bytes, LF, from, end)) {
      this.appendAll(bytes, from, at);
      this.nextLine(this.record.offset, this.record.length, this.record.line);
      from = at + 1;
    }
    this.appendAll(bytes, from, end);
  }

  /**
   * The message goes on in a further line, which is a record of its own: the console and syslog(2) print the head again for each line
   * (record_print_text() in kernel/printk/printk.c), so that only this gives the same records in all renderings. What another program
   * wrote stays together. Returns true when a record began.
   */
  nextLine(offset: number, length: number, line: number): boolean {
    if (!this.kernel) {
      this.appendByte(LF);
      return false;
    }
    const { deviceId, driverId } = this;
    this.end();
    this.openAt(offset, length, line);
    this.deviceId = deviceId;
    this.driverId = driverId;
    return true;
  }

  /** Appends one byte, e.g. the line end inside a message. */
  appendByte(byte: number): void {
    const { record, staged } = this;
    staged.reserveText(record.textLength + 1);
    staged.text[staged.textAt + record.textLength++] = byte;
  }

  /** Sets the device of the open record, as a dictionary line or journal field names it. */
  setDevice(bytes: Uint8Array, start: number, end: number): void {
    this.deviceId = this.devices.intern(bytes, start, end);
  }

  /** Sets the subsystem of the open record; a driver that the message names goes before it. */
  setSubsystem(bytes: Uint8Array, start: number, end: number): void {
    this.driverId = this.drivers.intern(bytes, start, end);
  }

  /** True when the open record came from /dev/kmsg or netconsole, whose dictionary lines may follow. */
  get takesDictionary(): boolean {
    return this.isOpen && (this.rendering === '/dev/kmsg' || this.rendering === 'netconsole');
  }

  /** That of the last record. */
  get lastRendering(): Rendering {
    return this.rendering;
  }

  /** A boot ends here, as the log itself says. */
  markBoot(): void {
    if (this.isOpen) this.end();
    if (this.record.seq > 0) this.nextBoot();
  }

  /** The record being ended is the first of another boot. */
  private nextBoot(): void {
    if (this.record.boot < MAX_BOOTS) this.record.boot++;
    this.sawVersion = false;
    this.lastSeconds = -1;
    this.lastSequence = -1;
    this.splats.endBoot();
  }

  /** Notes that records were lost before the next one. */
  lose(kind: string, count: bigint | null, message: string, place: RecordPlace): void {
    if (this.isOpen) this.end();
    this.addLoss(kind, count, message, place);
  }

  private addLoss(kind: string, count: bigint | null, message: string, place: RecordPlace): void {
    this.losses.push({
      kind,
      cpu: null,
      count,
      seq: this.record.seq,
      from_ns: this.lastTime(),
      to_ns: null,
      offset: BigInt(place.offset),
      line: place.line,
      message,
    });
  }

  /** Writes the open record. */
  end(): void {
    this.isOpen = false;
    if ((this.classes & (CONTROL | HIGH)) !== 0) this.repair();
    const { record, staged } = this;
    record.text = staged.text;
    record.textStart = staged.textAt;
    record.isAscii = (this.classes & HIGH) === 0;
    const first = record.text[record.textStart];
    if (first === 0x4c || first === 0x42) this.checkBanner();
    if (record.timeKind === UPTIME) this.checkJump();
    if (this.kernel) this.checkSuppressed();
    if (this.losses.length > 0) this.flushLosses(record.timeKind === NONE ? null : timeOf(record));
    const row = staged.count;
    staged.seq[row] = record.seq;
    staged.boot[row] = record.boot;
    this.stageTime(row);
    staged.level.set(row, this.level);
    staged.facility.set(row, this.facility);
    staged.caller.set(row, record.caller);
    this.stageNames(row);
    staged.offset[row * 2] = record.offset;
    staged.offset[row * 2 + 1] = record.offset < TWO_32 ? 0 : Math.floor(record.offset / TWO_32);
    staged.length[row] = record.length;
    staged.line[row] = record.line;
    staged.endRow(record.textLength);
    if (this.kernel) this.splats.record(record);
    record.seq++;
    this.out.records++;
  }

  /** Writes the last record and what is still open. */
  finish(): void {
    if (this.isOpen) this.end();
    this.staged.flush();
    this.countRendering();
    this.flushLosses(null);
    this.out.lastNs = this.lastTime();
    this.splats.finish();
  }

  private flushLosses(toNs: bigint | null): void {
    for (const loss of this.losses) this.out.loss({ ...loss, to_ns: toNs });
    this.losses.length = 0;
  }

  /** Time of the last record whose time is of the kind of the first, or null. */
  private lastTime(): bigint | null {
    return this.firstKind === NONE ? null : timeIn(this.endSeconds, this.endNanos);
  }

  private stageTime(row: number): void {
    const { record, staged, pair } = this;
    staged.timeKind[row] = this.kindIds[record.timeKind];
    staged.timePresent[row] = record.timeKind === NONE ? 0 : 1;
    if (record.timeKind === NONE) {
      staged.time[row * 2] = 0;
      staged.time[row * 2 + 1] = 0;
      return;
    }
    if (record.seconds < EXACT_SECONDS) {
      const ns = record.seconds * 1e9 + record.nanos;
      pair.hi = Math.floor(ns / TWO_32);
      pair.lo = ns - pair.hi * TWO_32;
    } else {
      nanosecondsOf(record.seconds, record.nanos, pair);
    }
    staged.time[row * 2] = pair.lo;
    staged.time[row * 2 + 1] = pair.hi;
    if (this.firstKind === NONE) {
      this.firstKind = record.timeKind;
      this.out.firstNs = timeOf(record);
    }
    if (record.timeKind === this.firstKind) {
      this.endSeconds = record.seconds;
      this.endNanos = record.nanos;
    }
  }

  private stageNames(row: number): void {
    const { staged, named, record } = this;
    const { text, textStart } = record;
    const end = textStart + record.textLength;
    let device = this.deviceId;
    let driver = this.driverId;
    if (this.isOfLastDevice(text, textStart, end)) {
      if (device < 0) device = this.lastDevice;
      driver = this.lastDriver;
    } else if (readDevice(text, textStart, end, named)) {
      driver = this.drivers.intern(text, textStart, named.driverEnd);
      const ofText = this.devices.intern(text, named.deviceStart, named.deviceEnd);
      if (device < 0) device = ofText;
      this.lastLength = named.deviceEnd + 1 - textStart;
      for (let i = 0; i < this.lastLength; i++) this.lastName[i] = text[textStart + i];
      this.lastDevice = ofText;
      this.lastDriver = driver;
    }
    staged.device.set(row, device);
    staged.driver.set(row, driver);
  }

  private checkSuppressed(): void {
    const { text, textStart, textLength } = this.record;
    const count = suppressedIn(text, textStart, textStart + textLength);
    if (count === null) return;
    const message = text.toString('latin1', textStart, textStart + textLength);
    this.addLoss('suppressed', count, message, this.record);
  }

  /** True when the message begins with the same `driver device:` as the last one that had any; most do. */
  private isOfLastDevice(text: Uint8Array, start: number, end: number): boolean {
    const { lastName, lastLength } = this;
    if (lastLength === 0 || end - start <= lastLength || text[start + lastLength] !== SPACE) return false;
    for (let i = lastLength - 1; i >= 0; i--) if (text[start + i] !== lastName[i]) return false;
    return true;
  }

  /** Kernel release and boot from the first line a kernel prints. */
  private checkBanner(): void {
    const { record } = this;
    const { text, textStart } = record;
    const end = textStart + record.textLength;
    const isVersion = startsWith(text, textStart, end, LINUX_VERSION);
    if (!isVersion && !startsWith(text, textStart, end, BOOTING)) return;
    const restarted = record.timeKind === UPTIME && record.seconds < this.lastSeconds;
    if (restarted || (isVersion && this.sawVersion)) this.nextBoot();
    if (!isVersion) return;
    this.sawVersion = true;
    const release = textStart + LINUX_VERSION.length;
    this.out.kernelRelease ??= decoder.decode(text.subarray(release, wordEnd(text, release, end)));
  }

  /** A time far before the last one is that of another boot. */
  private checkJump(): void {
    const { seconds } = this.record;
    if (seconds + REORDER_SECONDS < this.lastSeconds && seconds * 2 < this.lastSeconds) this.nextBoot();
    if (seconds > this.lastSeconds) this.lastSeconds = seconds;
    this.hasUptime = true;
  }

  /** Steps since the record before add up to the time since the first record. */
  private addRelative(head: Head): void {
    const nanos = this.relativeNanos + head.nanos;
    const carry = Math.floor(nanos / 1e9);
    this.relativeSeconds += head.seconds + carry;
    this.relativeNanos = nanos - carry * 1e9;
    // Records of a log that was cut can step back before its first.
    if (this.relativeSeconds < 0) {
      this.relativeSeconds = 0;
      this.relativeNanos = 0;
    }
    this.record.seconds = this.relativeSeconds;
    this.record.nanos = this.relativeNanos;
  }

  private checkSequence(sequence: number): void {
    const { lastSequence } = this;
    this.lastSequence = sequence;
    if (lastSequence < 0 || sequence <= lastSequence + 1) return;
    const lost = sequence - lastSequence - 1;
    const message = `sequence number ${sequence} follows ${lastSequence}: ${lost} records are missing`;
    this.addLoss('sequence-gap', BigInt(lost), message, this.record);
  }

  /** Makes the message valid UTF-8 without control bytes. */
  private repair(): void {
    const { record, staged, utf8 } = this;
    const start = staged.textAt;
    if ((this.classes & CONTROL) !== 0) {
      const row = staged.text.subarray(start, start + record.textLength);
      record.textLength = withoutControls(row, 0, row.length, row);
    }
    if ((this.classes & HIGH) === 0) return;
    if (this.spare.length < record.textLength * 3) this.spare = new Uint8Array(record.textLength * 3);
    repairUtf8(staged.text.subarray(start), record.textLength, this.spare, utf8);
    staged.reserveText(utf8.length);
    staged.text.set(this.spare.subarray(0, utf8.length), start);
    record.textLength = utf8.length;
    if (utf8.noBreaks > 0)
      this.out.note('info', 'no-break-space', record, 'no-break spaces were read as spaces');
    if (utf8.invalid > 0)
      this.out.note('info', 'invalid-utf8', record, 'bytes that are no UTF-8 were read as U+FFFD');
  }

  private countRendering(): void {
    if (this.renderingCount === 0) return;
    this.renderings.set(this.rendering, (this.renderings.get(this.rendering) ?? 0) + this.renderingCount);
    this.renderingCount = 0;
  }
}
