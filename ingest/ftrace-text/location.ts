import {
  DOT,
  indexOfByte,
  isHexDigit,
  isNameByte,
  LEFT_BRACKET,
  LEFT_PAREN,
  LESS,
  PLUS,
  RIGHT_PAREN,
  SLASH,
  SPACE,
  startsWith,
} from './bytes.ts';

/**
 * The place that a probe event prints before its arguments:
 *
 *     kprobe and fprobe, entry    (pci_enable_ats+0x4/0xa0)
 *     kprobe and fprobe, return   (iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats)
 *     uprobe                      (0x4007d0)   (0x4007e4 <- 0x4007d0)
 *     eprobe                      (syscalls.sys_enter_openat)
 *     trace-cmd, perf, entry      (ffffffff833ca944)            or (pci_enable_ats+0x4)
 *     trace-cmd, perf, return     (ffffffff833ca944 <- ffffffff8351b6e6)
 *     option fields               __probe_ip=pci_enable_ats+0x4/0xb0 (-2124363804)
 *     trace-cmd report -R         __probe_func=ffffffff8160c374 __probe_ret_ip=ffffffff816ee4ff
 *
 * The kernel prints the caller first (print_kretprobe_event, kernel/trace/trace_kprobe.c; print_fexit_event,
 * trace_fprobe.c), trace-cmd the function first (the event's print format read literally), so the two sides must be
 * told apart.
 */
export interface Location {
  /** Probed function without offset; empty when only an address is printed. */
  symbolStart: number;
  symbolEnd: number;
  /** Whole caller text; empty for an entry probe. */
  callerStart: number;
  callerEnd: number;
  /** Bare address of the probed place, or the event an eprobe sits on, when there is no symbol. */
  addressStart: number;
  addressEnd: number;
  /** True when `address` is the event of an eprobe. */
  isEvent: boolean;
  isReturn: boolean;
  /** Position after the location. */
  after: number;
}

export function newLocation(): Location {
  return {
    symbolStart: 0,
    symbolEnd: 0,
    callerStart: 0,
    callerEnd: 0,
    addressStart: 0,
    addressEnd: 0,
    isEvent: false,
    isReturn: false,
    after: 0,
  };
}

/** Far beyond the two longest symbols with offsets and modules. */
const LONGEST_LOCATION = 2048;

/** `0x4007d0` or `ffffffff833ca944`. Without `0x` eight digits at least: no function is called that. */
function isAddress(buffer: Uint8Array, start: number, end: number): boolean {
  const prefixed = startsWith(buffer, start, end, '0x');
  const from = prefixed ? start + 2 : start;
  if (end - from < (prefixed ? 1 : 8)) return false;
  for (let at = from; at < end; at++) if (!isHexDigit(buffer[at])) return false;
  return true;
}

/** Reads the location at `start`. Returns false when the body does not begin with one. */
export function parseLocation(buffer: Uint8Array, start: number, end: number, out: Location): boolean {
  if (buffer[start] === 95) return parseProbeFields(buffer, start, end, out);
  if (buffer[start] !== LEFT_PAREN) return false;
  const limit = Math.min(end, start + LONGEST_LOCATION);
  let close = start + 1;
  let arrow = -1;
  for (; close < limit && buffer[close] !== RIGHT_PAREN; close++) {
    if (buffer[close] === LESS && buffer[close + 1] === 45 && buffer[close - 1] === SPACE) arrow = close;
  }
  if (close >= limit) return false;
  out.after = close + 1;
  out.isReturn = arrow > 0;
  out.callerStart = out.callerEnd = close;
  if (arrow < 0) {
    // libtraceevent's plugin_kmem prints the caller of an allocation like the place of a probe.
    if (startsWith(buffer, close + 1, end, ' call_site=')) return false;
    setFunction(buffer, start + 1, close, out);
    if (out.symbolEnd > out.symbolStart) setEvent(buffer, close, out);
    return out.symbolEnd > out.symbolStart || out.addressEnd > out.addressStart;
  }
  setReturn(buffer, start + 1, arrow - 1, Math.min(arrow + 3, close), close, out);
  return true;
}

/** Two sides of an arrow. */
function setReturn(
  buffer: Uint8Array,
  left: number,
  leftEnd: number,
  right: number,
  end: number,
  out: Location,
): void {
  const kernelForm =
    (indexOfByte(buffer, PLUS, right, end) < 0 && !isAddress(buffer, right, end)) ||
    indexOfByte(buffer, SLASH, left, leftEnd) >= 0 ||
    buffer[left] === LEFT_BRACKET;
  if (kernelForm) {
    setFunction(buffer, right, end, out);
    out.callerStart = left;
    out.callerEnd = leftEnd;
  } else {
    setFunction(buffer, left, leftEnd, out);
    out.callerStart = right;
    out.callerEnd = end;
  }
}

function setFunction(buffer: Uint8Array, start: number, end: number, out: Location): void {
  out.symbolStart = out.symbolEnd = out.addressStart = out.addressEnd = start;
  out.isEvent = false;
  if (isAddress(buffer, start, end)) {
    out.addressEnd = end;
    return;
  }
  for (let at = start; at < end && buffer[at] !== PLUS && buffer[at] !== SPACE; at++) {
    // Bodies of ordinary events may begin with a parenthesis too.
    if (!isNameByte(buffer[at])) return;
    out.symbolEnd = at + 1;
  }
}

/** A name with a dot and without an offset is the event an eprobe sits on: functions are printed with an offset. */
function setEvent(buffer: Uint8Array, end: number, out: Location): void {
  if (out.symbolEnd !== end || indexOfByte(buffer, DOT, out.symbolStart, end) < 0) return;
  out.addressStart = out.symbolStart;
  out.addressEnd = end;
  out.symbolEnd = out.symbolStart;
  out.isEvent = true;
}

/** The fields of a probe event as the option `fields` and `trace-cmd report -R` print them. */
function parseProbeFields(buffer: Uint8Array, start: number, end: number, out: Location): boolean {
  const entry = startsWith(buffer, start, end, '__probe_ip=');
  if (!entry && !startsWith(buffer, start, end, '__probe_func=')) return false;
  const place = start + (entry ? 11 : 13);
  const placeEnd = endOfWord(buffer, place, end);
  setFunction(buffer, place, placeEnd, out);
  out.isReturn = !entry;
  out.after = afterNumber(buffer, placeEnd, end);
  out.callerStart = out.callerEnd = out.after;
  if (entry) return true;
  const field = out.after + 1;
  if (!startsWith(buffer, field, end, '__probe_ret_ip=')) return true;
  out.callerStart = field + 15;
  out.callerEnd = endOfWord(buffer, out.callerStart, end);
  out.after = afterNumber(buffer, out.callerEnd, end);
  return true;
}

function endOfWord(buffer: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && buffer[at] !== SPACE) at++;
  // `func+0x1/0x2 [module]` goes on behind the space.
  if (buffer[at + 1] !== LEFT_BRACKET || at + 1 >= end) return at;
  const close = indexOfByte(buffer, 93, at, Math.min(end, at + 64));
  return close < 0 ? at : close + 1;
}

/** Passes over ` (-2124363804)`, the same value as a number. */
function afterNumber(buffer: Uint8Array, start: number, end: number): number {
  if (buffer[start] !== SPACE || buffer[start + 1] !== LEFT_PAREN) return start;
  const close = indexOfByte(buffer, RIGHT_PAREN, start, Math.min(end, start + 32));
  return close < 0 ? start : close + 1;
}
