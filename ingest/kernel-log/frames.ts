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
const NAME = new Uint8Array(128);
for (const letter of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$.')
  NAME[letter.charCodeAt(0)] = NAME_START;
for (const sign of '0123456789:') NAME[sign.charCodeAt(0)] = NAME_PART;

const SPACE = 0x20;
const QUESTION = 0x3f;

/** Value of a hexadecimal digit, or -1. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/** Index after up to eight hexadecimal digits. */
function hexEnd(line: string, at: number): number {
  let end = at;
  while (end - at < 8 && hexValue(line.charCodeAt(end)) >= 0) end++;
  return end;
}

/**
 * The frame of a line in the form that nearly all have, ` ? f+0x1/0x2 [module]`; null for any other. It reads signs, because patterns
 * cost more than all else that is done with a line of a splat.
 */
export function plainFrameIn(line: string): Frame | null {
  let at = 0;
  while (line.charCodeAt(at) === SPACE) at++;
  const reliable = line.charCodeAt(at) !== QUESTION;
  if (!reliable && line.charCodeAt(++at) === SPACE) at++;
  const start = at;
  if (NAME[line.charCodeAt(at)] !== NAME_START) return null;
  while (NAME[line.charCodeAt(at)] > 0) at++;
  const symbolEnd = at;
  if (!line.startsWith('+0x', at)) return null;
  const offsetEnd = hexEnd(line, at + 3);
  if (offsetEnd === at + 3) return null;
  let offset = 0;
  for (let i = at + 3; i < offsetEnd; i++) offset = offset * 16 + hexValue(line.charCodeAt(i));
  at = offsetEnd;
  if (line.startsWith('/0x', at)) {
    const sizeEnd = hexEnd(line, at + 3);
    if (sizeEnd === at + 3) return null;
    at = sizeEnd;
  }
  let module: string | null = null;
  if (line.startsWith(' [', at)) {
    const moduleStart = at + 2;
    const close = line.indexOf(']', moduleStart);
    const space = line.indexOf(' ', moduleStart);
    if (close < 0) return null;
    module = line.slice(moduleStart, space >= 0 && space < close ? space : close);
    if (!MODULE.test(module)) return null;
    at = close + 1;
  }
  return at === line.length ? { symbol: line.slice(start, symbolEnd), offset, module, reliable } : null;
}

const MODULE = /^[\w-]+$/;

/** The frame that a line of a call trace shows, or null when the line is no frame. */
export function frameIn(line: string): Frame | null {
  const plain = plainFrameIn(line);
  if (plain) return plain;
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

export function isOutermost(frame: Frame): boolean {
  return OUTERMOST.test(frame.symbol);
}
