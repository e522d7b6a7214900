import type { RecordPlace } from '../place.ts';
import { takeDevice } from './dictionary.ts';
import { Head, type Rendering, UPTIME, WALL } from './head.ts';
import type { RecordWriter } from './records.ts';

/** Fields of an entry of the systemd journal that say something about a kernel record (systemd.journal-fields(7)). */
export const JOURNAL_FIELDS = [
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_FACILITY',
  'SYSLOG_IDENTIFIER',
  '_PID',
  '_TRANSPORT',
  '_BOOT_ID',
  '_KERNEL_DEVICE',
  '_KERNEL_SUBSYSTEM',
  '_SOURCE_MONOTONIC_TIMESTAMP',
  '__REALTIME_TIMESTAMP',
] as const;
export type JournalField = (typeof JOURNAL_FIELDS)[number];

/** Values of one entry; MESSAGE may be any bytes. */
export type JournalEntry = Partial<Record<JournalField, Buffer>>;

const MICROS = /^\d{1,16}$/;

/** Turns journal entries into records. */
export class JournalReader {
  private readonly writer: RecordWriter;
  private readonly rendering: Rendering;
  private readonly head = new Head();
  private boot: string | null = null;

  constructor(writer: RecordWriter, rendering: Rendering) {
    this.writer = writer;
    this.rendering = rendering;
  }

  /** Writes the record of an entry; false when it has no message. */
  take(entry: JournalEntry, place: RecordPlace): boolean {
    const { head, writer } = this;
    const message = entry.MESSAGE;
    if (!message) return false;
    this.checkBoot(entry._BOOT_ID?.toString('latin1'));
    head.clear();
    head.rendering = this.rendering;
    head.kernel = isKernel(entry);
    head.level = smallNumber(entry.PRIORITY, 7);
    head.facility = smallNumber(entry.SYSLOG_FACILITY, 255);
    this.readTime(entry);
    const text = head.kernel ? message : Buffer.concat([Buffer.from(tagOf(entry)), message]);
    writer.begin(head, text, place.offset, place.length, place.line);
    const device = entry._KERNEL_DEVICE;
    const subsystem = entry._KERNEL_SUBSYSTEM;
    if (device) takeDevice(device, 0, device.length, writer);
    if (subsystem) writer.setSubsystem(subsystem, 0, subsystem.length);
    writer.appendLines(text, 0, text.length);
    return true;
  }

  /** The kernel's own time where the journal kept it, else the time of day at which journald took the record. */
  private readTime(entry: JournalEntry): void {
    const uptime = entry._SOURCE_MONOTONIC_TIMESTAMP?.toString('latin1') ?? '';
    const wall = entry.__REALTIME_TIMESTAMP?.toString('latin1') ?? '';
    const isUptime = this.head.kernel && MICROS.test(uptime);
    const text = isUptime ? uptime : wall;
    if (!MICROS.test(text)) return;
    this.head.timeKind = isUptime ? UPTIME : WALL;
    this.head.seconds = Number(text.slice(0, -6));
    this.head.nanos = Number(text.slice(-6)) * 1000;
    this.head.stepNs = 1000;
  }

  private checkBoot(id: string | undefined): void {
    if (id === undefined || id === this.boot) return;
    if (this.boot !== null) this.writer.markBoot();
    this.boot = id;
  }
}

function isKernel(entry: JournalEntry): boolean {
  const transport = entry._TRANSPORT?.toString('latin1');
  return (
    transport === 'kernel' ||
    (transport === undefined && entry.SYSLOG_IDENTIFIER?.toString('latin1') === 'kernel')
  );
}

function tagOf(entry: JournalEntry): string {
  const pid = entry._PID ? `[${entry._PID.toString('latin1')}]` : '';
  return `${entry.SYSLOG_IDENTIFIER?.toString('utf8') ?? 'unknown'}${pid}: `;
}

/** -1 for a value that is missing or out of range. */
function smallNumber(text: Buffer | undefined, max: number): number {
  const digits = text?.toString('latin1') ?? '';
  return /^\d{1,3}$/.test(digits) && Number(digits) <= max ? Number(digits) : -1;
}
