/**
 * The place that a probe event prints in parentheses before its arguments:
 *
 *     kernel, entry       (pci_enable_ats+0x4/0xa0)
 *     kernel, return      (iommu_enable_pci_caps+0x4a/0x60 <- pci_enable_ats)
 *     trace-cmd, entry    (ffffffff833ca944)            or (pci_enable_ats+0x4)
 *     trace-cmd, return   (ffffffff833ca944 <- ffffffff8351b6e6)
 *
 * The kernel prints the caller first (print_kretprobe_event, kernel/trace/trace_kprobe.c), trace-cmd the function
 * first (the event's print format read literally), so the two sides must be told apart.
 */
export interface Location {
  /** Probed function without offset; empty when only an address is printed. */
  symbolStart: number;
  symbolEnd: number;
  /** Whole caller text; empty for an entry probe. */
  callerStart: number;
  callerEnd: number;
  /** Bare address of the probed place when there is no symbol. */
  addressStart: number;
  addressEnd: number;
  isReturn: boolean;
  /** Position after the closing parenthesis. */
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
    isReturn: false,
    after: 0,
  };
}

const PLUS = 43;
const SLASH = 47;

function isHexDigit(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70);
}

/** `ffffffff833ca944` or `0xffffffffc054b1fe`. Eight digits at least: no function is called that. */
function isAddress(buffer: Uint8Array, start: number, end: number): boolean {
  const from = buffer[start] === 48 && buffer[start + 1] === 120 ? start + 2 : start;
  if (end - from < 8) return false;
  for (let at = from; at < end; at++) if (!isHexDigit(buffer[at])) return false;
  return true;
}

function indexOfByte(buffer: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at++) if (buffer[at] === byte) return at;
  return -1;
}

/** Reads the location at `start`, where a `(` stands. Returns false when the body does not begin with one. */
export function parseLocation(buffer: Uint8Array, start: number, end: number, out: Location): boolean {
  if (buffer[start] !== 40) return false;
  let close = start + 1;
  let arrow = -1;
  for (; close < end && buffer[close] !== 41; close++) {
    if (buffer[close] === 60 && buffer[close + 1] === 45 && buffer[close - 1] === 32) arrow = close;
  }
  if (close >= end) return false;
  out.after = close + 1;
  out.isReturn = arrow > 0;
  out.callerStart = out.callerEnd = close;
  if (arrow < 0) {
    setFunction(buffer, start + 1, close, out);
    return out.symbolEnd > out.symbolStart || out.addressEnd > out.addressStart;
  }
  const left = start + 1;
  const leftEnd = arrow - 1;
  const right = arrow + 3;
  const kernelForm =
    (indexOfByte(buffer, PLUS, right, close) < 0 && !isAddress(buffer, right, close)) ||
    indexOfByte(buffer, SLASH, left, leftEnd) >= 0;
  if (kernelForm) {
    setFunction(buffer, right, close, out);
    out.callerStart = left;
    out.callerEnd = leftEnd;
  } else {
    setFunction(buffer, left, leftEnd, out);
    out.callerStart = right;
    out.callerEnd = close;
  }
  return true;
}

function setFunction(buffer: Uint8Array, start: number, end: number, out: Location): void {
  out.symbolStart = out.symbolEnd = out.addressStart = out.addressEnd = start;
  if (isAddress(buffer, start, end)) {
    out.addressEnd = end;
    return;
  }
  const plus = indexOfByte(buffer, PLUS, start, end);
  let stop = plus < 0 ? end : plus;
  const space = indexOfByte(buffer, 32, start, stop);
  if (space >= 0) stop = space;
  out.symbolEnd = stop;
}
