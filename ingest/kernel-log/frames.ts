import { ascii, CLOSE, findByte, hexDigit, OPEN, SPACE, skipSpaces, startsWith } from '../ascii.ts';

/** A function with an offset, as `%pS` prints it: `pci_disable_ats+0x8a/0xa0 [module]`. */
export interface Place {
  readonly symbol: string;
  /** Offset into the function in bytes; null where only the name is printed. */
  readonly offset: number | null;
  readonly module: string | null;
}

export interface Frame extends Place {
  /** False for a frame printed with `?`, in parentheses (s390) or with `(unreliable)` (powerpc). */
  readonly reliable: boolean;
}

const PLACE =
  /([A-Za-z_$.][\w$.:]*)\+0x([0-9a-f]{1,8})(?:\/0x[0-9a-f]{1,8})?(?:\(\))?(?: \[([\w-]+)[^\]]*\])?/;

/** First function with an offset in a text, or null. */
export function placeIn(text: string): Place | null {
  const match = PLACE.exec(text);
  if (!match) return null;
  return { symbol: match[1], offset: Number.parseInt(match[2], 16), module: match[3] ?? null };
}

/** `<TASK>`, `</IRQ>`, `<EOI>`: which stack follows (show_trace_log_lvl() in arch/x86/kernel/dumpstack.c). */
const STACK_MARK = /^\s*<\/?[A-Z#_0-9]{2,12}>\s*/;
const STACK_MARK_ALONE = /^\s*<\/?[A-Z#_0-9]{2,12}>\s*$/;

export function isStackMark(text: string): boolean {
  return text.includes('<') && STACK_MARK_ALONE.test(text);
}

/**
 * The forms of a frame after addresses in brackets: `f+0x1/0x2 [mod] (P)` on all architectures since 4.10, `[<address>] f+0x1/0x2`
 * before (x86, arm64, riscv) and still on s390, two addresses on powerpc.
 */
const ADDRESSES = /^\s*(\()?(?:(\?) )?(?:\[<?(?:0x)?[0-9a-f]{6,16}>?\] ?)*\s*/;
const WITH_OFFSET =
  /^(\? ?)?([A-Za-z_$.][\w$.:]*)\+0x([0-9a-f]{1,8})(?:\/0x[0-9a-f]{1,8})?\)?(?: \[([\w-]+)[^\]]*\])?((?: \([^()]{1,60}\))*)(?: [0-9a-f]{16})?\s*$/;
const ADDRESS_ONLY = /^(\? ?)?(0x[0-9a-f]{6,16})(?: \[([\w-]+)[^\]]*\])?( \(unreliable\))?\s*$/;
/** Frames after scripts/decode_stacktrace.sh: `f (file.c:12 (discriminator 3)) module`. */
const DECODED =
  /^(\? ?)?([A-Za-z_$.][\w$.]*) \([^()]{1,200}:[0-9?]{1,6}[^()]{0,40}(?:\([^()]{1,40}\))?\)(?: (\w[\w-]*))?\s*$/;
/** `f from g+0x1/0x2` of 32-bit arm, with addresses and parentheses before 5.18 (arch/arm/kernel/traps.c, dump_backtrace_entry()). */
const ARM =
  /^\s*(?:\[<[0-9a-f]{8}>\] \()?([A-Za-z_$.][\w$.]*)(?:\+0x([0-9a-f]{1,8})\/0x[0-9a-f]{1,8})?(?: \[[^\]]{1,40}\])?\)? from (?:\[<[0-9a-f]{8}>\] \()?([A-Za-z_$.][\w$.]*)\+0x([0-9a-f]{1,8})\/0x[0-9a-f]{1,8}(?: \[([\w-]+)[^\]]*\])?\)?/;

const NAME_START = 1;
const NAME_PART = 2;
/** Signs of the name of a function. */
const NAME = new Uint8Array(256);
for (const letter of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$.')
  NAME[letter.charCodeAt(0)] = NAME_START;
for (const sign of '0123456789:') NAME[sign.charCodeAt(0)] = NAME_PART;
/** Signs of the name of a module. */
const MODULE = new Uint8Array(256);
for (const sign of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-')
  MODULE[sign.charCodeAt(0)] = 1;

const QUESTION = 0x3f;
const OFFSET = ascii('+0x');
const SIZE = ascii('/0x');

/** Where the parts of a frame stand in a message. */
export interface FramePlace {
  symbolStart: number;
  symbolEnd: number;
  /** Bytes. */
  offset: number;
  /** Equal to `moduleEnd` for a function of the kernel itself. */
  moduleStart: number;
  moduleEnd: number;
  reliable: boolean;
}

/** A place for `readFrame` to write to. */
export function noFramePlace(): FramePlace {
  return { symbolStart: 0, symbolEnd: 0, offset: 0, moduleStart: 0, moduleEnd: 0, reliable: true };
}

/**
 * Reads the form that nearly all frames have, ` ? f+0x1/0x2 [module]`, without making texts of lines: patterns cost more than all
 * else that is done with a line of a splat. False when the message `[start, end)` has any other form.
 */
export function readFrame(bytes: Uint8Array, start: number, end: number, out: FramePlace): boolean {
  let at = skipSpaces(bytes, start, end);
  out.reliable = bytes[at] !== QUESTION;
  if (!out.reliable && bytes[++at] === SPACE) at++;
  if (at >= end || NAME[bytes[at]] !== NAME_START) return false;
  out.symbolStart = at;
  while (at < end && NAME[bytes[at]] > 0) at++;
  out.symbolEnd = at;
  if (!startsWith(bytes, at, end, OFFSET)) return false;
  const offsetStart = at + OFFSET.length;
  at = hexEnd(bytes, offsetStart, end);
  if (at === offsetStart) return false;
  let offset = 0;
  for (let i = offsetStart; i < at; i++) offset = offset * 16 + hexDigit(bytes[i]);
  out.offset = offset;
  if (startsWith(bytes, at, end, SIZE)) {
    const sizeStart = at + SIZE.length;
    at = hexEnd(bytes, sizeStart, end);
    if (at === sizeStart) return false;
  }
  out.moduleStart = out.moduleEnd = at;
  return at === end || readModule(bytes, at, end, out);
}

/** ` [module]`, or ` [module build-id]`, to the end of the message. */
function readModule(bytes: Uint8Array, start: number, end: number, out: FramePlace): boolean {
  if (bytes[start] !== SPACE || bytes[start + 1] !== OPEN) return false;
  let at = start + 2;
  out.moduleStart = at;
  while (at < end && MODULE[bytes[at]] === 1) at++;
  out.moduleEnd = at;
  if (at === out.moduleStart || (bytes[at] !== SPACE && bytes[at] !== CLOSE)) return false;
  return findByte(bytes, CLOSE, at, end) === end - 1;
}

/** Index after up to eight hexadecimal digits. */
function hexEnd(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + 8);
  let i = at;
  while (i < limit && hexDigit(bytes[i]) >= 0) i++;
  return i;
}

/** The frame that a line of a call trace shows, or null when the line is no frame. */
export function frameIn(line: string): Frame | null {
  const text = line.includes('<') ? line.replace(STACK_MARK, '') : line;
  const lead = ADDRESSES.exec(text);
  const rest = text.slice(lead?.[0].length ?? 0);
  const guessed = lead?.[1] !== undefined || lead?.[2] !== undefined;
  const match = rest.includes('+0x') ? WITH_OFFSET.exec(rest) : null;
  if (match) {
    const reliable = !guessed && match[1] === undefined && !match[5].includes('(unreliable)');
    return { symbol: match[2], offset: Number.parseInt(match[3], 16), module: match[4] ?? null, reliable };
  }
  const bare = ADDRESS_ONLY.exec(rest) ?? DECODED.exec(rest);
  if (!bare) return null;
  const reliable = !guessed && bare[1] === undefined && bare[4] === undefined;
  return { symbol: bare[2], offset: null, module: bare[3] ?? null, reliable };
}

/** The two functions of a line of a 32-bit arm trace, callee first, or null. */
export function armFramesIn(line: string): readonly [Frame, Frame] | null {
  const match = line.includes(' from ') ? ARM.exec(line) : null;
  if (!match) return null;
  const calleeOffset = match[2] === undefined ? null : Number.parseInt(match[2], 16);
  return [
    { symbol: match[1], offset: calleeOffset, module: null, reliable: true },
    { symbol: match[3], offset: Number.parseInt(match[4], 16), module: match[5] ?? null, reliable: true },
  ];
}

/** Functions at the bottom of a stack: a trace that reaches one was not cut. */
const OUTERMOST =
  /^(?:ret_from_|entry_|el[01]t?_|secondary_startup|start_secondary|start_kernel|start_here|x86_64_start|kthread$|system_call|syscall|ret_fast|handle_syscall|__primary_switch|rest_init|interrupt_return|do_syscall_64|__do_syscall)/;

export function isOutermost(symbol: string): boolean {
  return OUTERMOST.test(symbol);
}
