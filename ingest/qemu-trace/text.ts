import { bigOf, comparePairs } from '../../tables/index.ts';
import type { DecodeOptions } from '../format.ts';
import { MAX_LINE, scanLines } from '../lines.ts';
import type { RecordPlace } from '../place.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { LooseArguments } from './arguments.ts';
import { ConfigAccess } from './config-access.ts';
import type { TraceEvents } from './declarations.ts';
import type { Integer } from './integer.ts';
import { TraceLine } from './line.ts';
import { PrintfReader } from './printf-reader.ts';
import type { EventRow } from './row.ts';
import { type EventInfo, type RecordTime, TraceSink, textOf } from './sink.ts';
import { isBareEvent, sampleOf } from './sniff.ts';

/** An event behind console output that had no line end. */
const EMBEDDED =
  /(?:\d{1,10}@\d{1,10}\.\d{6}:|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z )[A-Za-z]\w*_\w*(?: |$)/;
/** QEMU's own messages, e.g. `qemu-system-x86_64: warning: ...`. */
const MESSAGE = /^(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?(?:\S*\/)?qemu[\w.-]*: /;
const LOOK = 4096;
const HEAD = 65536;
/** With its line end. */
const LONG = MAX_LINE + 2;

/** Reads the log trace backend of QEMU, with what else went to the same terminal. */
export class TraceTextDecoder {
  private readonly out: SourceRecording;
  private readonly options: DecodeOptions;
  private readonly declared: TraceEvents | null;
  private readonly sink: TraceSink;
  private readonly line = new TraceLine();
  private readonly access = new ConfigAccess();
  private readonly integer: Integer = { lo: 0, hi: 0, hex: true };
  private readonly loose = new LooseArguments();
  private readonly readers = new Map<EventInfo, PrintfReader | null>();
  private readonly place: RecordPlace = { offset: 0, length: 0, line: 0 };
  private readonly time: RecordTime = { lo: 0, hi: 0, known: false };
  private bare = false;
  private readInfo: EventInfo | null = null;
  private writeInfo: EventInfo | null = null;
  private lineNumber = 0;

  constructor(out: SourceRecording, options: DecodeOptions, declared: TraceEvents | null) {
    this.out = out;
    this.options = options;
    this.declared = declared;
    this.sink = new TraceSink(out, options);
  }

  decode(source: ByteSource): void {
    const head = new Uint8Array(Math.min(HEAD, source.size));
    const sample = sampleOf(head.subarray(0, source.read(0, head)));
    // In a log with times a line without one is no event, whatever it looks like.
    this.bare = sample.stamped === 0 && sample.bare > 0;
    this.time.known = !this.bare;
    const isOpen = endsOpen(source);
    scanLines(
      source,
      this.options.chunkSize,
      (buffer, start, end, offset, length) => {
        this.lineNumber++;
        if (isOpen && offset + length === source.size) this.onCut(offset, length);
        else {
          if (length > LONG) this.noteLong(offset);
          this.onLine(buffer, start, Math.min(end, start + MAX_LINE), offset, length);
        }
      },
      this.options.progress,
    );
    this.finish();
  }

  private noteLong(offset: number): void {
    const at = { offset, line: this.lineNumber };
    this.out.note('warning', 'long-line', at, 'a line longer than 1 MiB was read in its first part only');
  }

  private onLine(buffer: Uint8Array, start: number, end: number, offset: number, length: number): void {
    const { line } = this;
    if (this.bare ? isBareEvent(line, buffer, start, end) : line.parseStamped(buffer, start, end)) {
      this.onEvent(buffer, end, offset, length);
      return;
    }
    this.onOther(buffer, start, end, offset, length);
  }

  private onEvent(buffer: Uint8Array, end: number, offset: number, length: number): void {
    const { line, sink, out, place, time } = this;
    out.bytes.record += length;
    place.offset = offset;
    place.length = length;
    place.line = this.lineNumber;
    if (time.known) this.onTime();
    const info = this.info(buffer);
    info.count++;
    const isAccess = info.isConfigAccess && this.access.parse(buffer, line.argsStart, end);
    if (isAccess) sink.configAccess(buffer, this.access, time, place);
    else if (info.isConfigAccess) this.noteShape(buffer, end, info);
    else if (info.meanings.length > 0) {
      sink.simulatorEvent(info, textOf(buffer, line.argsStart, end), time, place);
    }
    if (sink.wants(info, () => this.fieldsOf(info, buffer, end))) this.writeRow(info, isAccess, buffer, end);
    sink.seq++;
  }

  /** The event of a line; the two that nearly all lines have are looked up once. */
  private info(buffer: Uint8Array): EventInfo {
    const { line, sink } = this;
    if (line.access === 'pci_cfg_read') {
      this.readInfo ??= sink.infoOfName(line.access);
      return this.readInfo;
    }
    if (line.access === 'pci_cfg_write') {
      this.writeInfo ??= sink.infoOfName(line.access);
      return this.writeInfo;
    }
    return sink.infoOf(buffer, line.nameStart, line.nameEnd);
  }

  private onTime(): void {
    const { line, time, out } = this;
    const { lo, hi } = line.time;
    if (this.sink.seq === 0) out.firstNs = bigOf(lo, hi);
    else if (comparePairs(lo, hi, time.lo, time.hi) < 0) {
      out.note(
        'info',
        'time-backwards',
        this.place,
        'a record is earlier than the one before: threads of QEMU, or its clock was set',
      );
    }
    time.lo = lo;
    time.hi = hi;
  }

  private writeRow(info: EventInfo, isAccess: boolean, buffer: Uint8Array, end: number): void {
    const { line } = this;
    const row = this.sink.begin(info, this.time, line.thread, this.place);
    const reader = this.readerOf(info);
    if (reader?.match(buffer, line.argsStart, end)) {
      for (const [i, { name }] of reader.event.args.entries()) {
        const integer = reader.integerOf(buffer, i);
        const text = reader.textOf(i);
        if (integer) row.setInteger(name, integer);
        else if (text) row.setBytes(name, buffer, text.start, text.end);
      }
      return;
    }
    if (isAccess) {
      this.writeAccess(row, buffer);
      return;
    }
    if (reader) {
      this.out.note(
        'warning',
        'format-mismatch',
        this.place,
        `${info.name} is not printed as the trace-events file declares it: is the file that of another QEMU?`,
      );
    }
    row.setBytes('text', buffer, line.argsStart, end);
    this.loose.store(row, buffer, line.argsStart, end);
  }

  /** A config access under the names of its declaration, which its text does not print. */
  private writeAccess(row: EventRow, buffer: Uint8Array): void {
    const { access, integer } = this;
    row.setBytes('dev', buffer, access.deviceStart, access.deviceEnd);
    row.setBytes('slot', buffer, access.slotStart, access.slotEnd);
    integer.lo = access.where;
    row.setInteger('offs', integer);
    integer.lo = access.value;
    row.setInteger('val', integer);
  }

  private readerOf(info: EventInfo): PrintfReader | null {
    let reader = this.readers.get(info);
    if (reader === undefined) {
      const event = this.declared?.byName.get(info.name);
      reader = event ? new PrintfReader(event) : null;
      this.readers.set(info, reader);
    }
    return reader;
  }

  private fieldsOf(info: EventInfo, buffer: Uint8Array, end: number): string[] {
    const reader = this.readerOf(info);
    if (reader) return reader.event.args.map((arg) => arg.name);
    if (info.isConfigAccess) return ['dev', 'slot', 'offs', 'val'];
    return this.loose.namesOf(buffer, this.line.argsStart, end);
  }

  private noteShape(buffer: Uint8Array, end: number, info: EventInfo): void {
    const { line } = this;
    this.out.note(
      'warning',
      'config-access-shape',
      this.place,
      `${info.name} should have "device bb:dd.f @0xoffset <- 0xvalue" and has "${textOf(buffer, line.argsStart, Math.min(end, line.argsStart + 80))}"`,
    );
  }

  private onOther(buffer: Uint8Array, start: number, end: number, offset: number, length: number): void {
    const { out } = this;
    const at = { offset, line: this.lineNumber };
    const text = Buffer.from(buffer.buffer, buffer.byteOffset + start, Math.min(end - start, LOOK)).toString(
      'latin1',
    );
    const embedded = this.bare ? null : EMBEDDED.exec(text);
    if (embedded && embedded.index > 0 && this.line.parseStamped(buffer, start + embedded.index, end)) {
      out.bytes.comment += embedded.index;
      out.note(
        'info',
        'guest-console',
        at,
        'lines of the guest console or of others on the same terminal; they were passed over',
      );
      this.onEvent(buffer, end, offset + embedded.index, length - embedded.index);
      return;
    }
    if (text.includes('\0')) {
      out.bytes.unparsed += length;
      out.unparsed++;
      out.note(
        'warning',
        'unparsed-line',
        at,
        'a line with NUL bytes, which neither QEMU nor a console prints',
      );
      return;
    }
    out.bytes.comment += length;
    if (text.trim() === '') return;
    if (MESSAGE.test(text)) out.note('info', 'qemu-message', at, `QEMU says: ${text.slice(0, 200)}`);
    else
      out.note(
        'info',
        'guest-console',
        at,
        'lines of the guest console or of others on the same terminal; they were passed over',
      );
  }

  private onCut(offset: number, length: number): void {
    const { out, time, sink } = this;
    const message = 'the input ends without a line end: its last line may be cut and was not used';
    out.complete = false;
    out.bytes.unparsed += length;
    out.unparsed++;
    out.note('warning', 'cut', { offset, line: this.lineNumber }, message);
    out.loss({
      kind: 'cut',
      cpu: null,
      count: null,
      seq: sink.seq,
      from_ns: time.known && sink.seq > 0 ? bigOf(time.lo, time.hi) : null,
      to_ns: null,
      offset: BigInt(offset),
      line: this.lineNumber,
      message,
    });
  }

  private finish(): void {
    const { out, time, sink } = this;
    if (sink.seq > 0) {
      out.detail = this.bare ? 'log without times' : 'log';
      out.clock = time.known ? 'wall' : null;
      out.timeUnit = time.known ? 'ns' : 'ticks';
      out.precisionNs = time.known ? 1000 : null;
      if (time.known) out.lastNs = bigOf(time.lo, time.hi);
    }
    sink.finish();
  }
}

function endsOpen(source: ByteSource): boolean {
  const last = new Uint8Array(1);
  return source.size > 0 && source.read(source.size - 1, last) === 1 && last[0] !== 10;
}
