import type { EventTableBuilder } from '../event-table.ts';
import { GREATER, LESS, latin1Of, SPACE, skipSpaces, startsWith, TAB } from './bytes.ts';
import type { Head } from './head.ts';

/** An event that a stack trace may belong to. */
export interface StackOwner {
  readonly cpu: number;
  readonly pid: number;
  /** Null for an event that is not kept. */
  readonly table: EventTableBuilder | null;
  readonly row: number;
}

export type StackField = 'stack' | 'user_stack';

const MOST_FRAMES = 512;
const encoder = new TextEncoder();

/**
 * Puts the frames of stack traces into the event they were taken at, as the text field `stack` (`user_stack` for a
 * user one): innermost frame first, separated by semicolons. In the buffer, and so in the text, a stack trace is an
 * event of its own that follows the other on the same CPU and task.
 */
export class Stacks {
  private last: StackOwner | null = null;
  private readonly byCpu = new Map<number, StackOwner>();
  private owner: StackOwner | null = null;
  private field: StackField = 'stack';
  private frames: string[] = [];
  /** True from the first stack trace on: from then on `onEvent` must hear of every event. */
  active = false;

  /** An event that is no stack trace was read. */
  onEvent(owner: StackOwner): void {
    this.last = owner;
    if (this.active) this.byCpu.set(owner.cpu, owner);
  }

  /** A `<stack trace>` mark of a CPU and task. */
  begin(field: StackField, cpu: number, pid: number): void {
    this.flush();
    const before = this.active ? (this.byCpu.get(cpu) ?? null) : this.last;
    if (!this.active && before) this.byCpu.set(before.cpu, before);
    this.active = true;
    this.field = field;
    this.owner = before && before.cpu === cpu && before.pid === pid ? before : null;
  }

  /** Frames that follow their event without a mark (perf script). */
  beginAtLast(): void {
    if (this.owner) return;
    this.owner = this.last;
    this.field = 'stack';
  }

  addFrame(text: string): void {
    if (this.owner?.table && this.frames.length < MOST_FRAMES) this.frames.push(text);
  }

  /** The stack trace is over. */
  flush(): void {
    const { owner, frames } = this;
    this.owner = null;
    if (frames.length === 0) return;
    this.frames = [];
    if (!owner?.table) return;
    const text = encoder.encode(frames.join(';'));
    owner.table.field(this.field).setBytes(owner.row, text, 0, text.length);
  }

  /** Another trace begins. */
  reset(): void {
    this.flush();
    this.last = null;
    this.byCpu.clear();
  }
}

const MARKS = ['<stack trace', '<user stack'];

/** Whether a body is `<stack trace>` or `<user stack trace>`, also as trace-cmd prints them. */
export function startsStack(buffer: Uint8Array, at: number, end: number): boolean {
  return buffer[at] === LESS && MARKS.some((mark) => startsWith(buffer, at, end, mark));
}

/** Whether a line with this head is the mark of a stack trace. */
export function isStackMark(buffer: Uint8Array, head: Head, end: number): boolean {
  if (head.bare) return startsStack(buffer, head.bodyStart, end);
  const { nameStart, nameEnd } = head;
  if (head.systemEnd > head.systemStart) return false;
  return (
    (nameEnd - nameStart === 12 && startsWith(buffer, nameStart, nameEnd, 'kernel_stack')) ||
    (nameEnd - nameStart === 10 && startsWith(buffer, nameStart, nameEnd, 'user_stack'))
  );
}

/** Whether the mark of a stack trace stands near the beginning of a line of any kind. */
export function mentionsStack(buffer: Uint8Array, start: number, end: number): boolean {
  const limit = Math.min(end, start + 256);
  for (let at = start; at < limit; at++) if (startsStack(buffer, at, end)) return true;
  return false;
}

/** Whether `[start, end)` is a frame ` => func+0x4/0xb0`, or with its address as trace-cmd prints it. */
export function isFrame(buffer: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && (buffer[at] === SPACE || buffer[at] === TAB)) at++;
  return buffer[at] === 61 && buffer[at + 1] === GREATER && at + 2 < end && at - start < 64;
}

/** The function of a frame. */
export function frameText(buffer: Uint8Array, start: number, end: number): string {
  const at = skipSpaces(buffer, start, end);
  const text = latin1Of(buffer, at, Math.min(end, at + 512)).trim();
  return text.replace(/^=>\s*/, '').replace(/ \([0-9a-f]+\)$/, '');
}

const PERF_FRAME = /^\s+([0-9a-f]{1,16}) (.+?)(?: \((.*)\))?\s*$/;

/** The function of a frame as perf script prints it (`ffffffff8160c7e4 pci_enable_ats+0x4 ([kernel.kallsyms])`), or null. */
export function perfFrameText(buffer: Uint8Array, start: number, end: number): string | null {
  const match = PERF_FRAME.exec(latin1Of(buffer, start, Math.min(end, start + 1024)));
  if (!match) return null;
  return match[2] === '[unknown]' ? match[1] : match[2];
}
