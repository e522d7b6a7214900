import {
  closingParen,
  DASH,
  indexOfByte,
  isNameByte,
  LEFT_BRACKET,
  LEFT_PAREN,
  LESS,
  PLUS,
  RIGHT_BRACKET,
  SPACE,
  trimEnd,
} from './bytes.ts';

/**
 * A line of the function tracer behind its context:
 *
 *     pci_enable_ats <-iommu_enable_pci_ats
 *     pci_enable_ats+0x4/0xb0 [mod] <ffffffff8160c7e4>(dev=0xff1100000358c000, ps=13) <-caller <ffffffff816d306a>
 *
 * Follows `print_fn_trace` and `seq_print_ip_sym` (kernel/trace/trace_output.c, 3.x to 7.2; arguments from 6.15) with
 * the options `print-parent`, `sym-offset` and `sym-addr`, and trace-cmd, which writes ` <-- caller`.
 */
export class FunctionBody {
  symbolStart = 0;
  symbolEnd = 0;
  /** Between the parentheses; empty when no arguments are printed. */
  argsStart = 0;
  argsEnd = 0;
  /** Empty without the option `print-parent`. */
  callerStart = 0;
  callerEnd = 0;

  /** Returns false when `[start, end)` is no such body. */
  parse(buffer: Uint8Array, start: number, end: number): boolean {
    const stop = trimEnd(buffer, start, end);
    let at = start;
    while (at < stop && isNameByte(buffer[at])) at++;
    this.symbolStart = start;
    this.symbolEnd = at;
    this.argsStart = this.argsEnd = this.callerStart = this.callerEnd = stop;
    if (at === start) return false;
    if (buffer[at] === PLUS) while (at < stop && buffer[at] !== SPACE && buffer[at] !== LEFT_PAREN) at++;
    for (;;) {
      if (at >= stop) return true;
      const byte = buffer[at];
      if (byte === SPACE) at++;
      else if (byte === LESS && buffer[at + 1] === DASH) {
        this.setCaller(buffer, at + 2, stop);
        return true;
      } else if (byte === LEFT_PAREN) {
        const close = closingParen(buffer, at, stop);
        if (close < 0) return false;
        this.argsStart = at + 1;
        this.argsEnd = close;
        at = close + 1;
      } else if (byte === LESS || byte === LEFT_BRACKET) {
        const close = indexOfByte(buffer, byte === LESS ? 62 : RIGHT_BRACKET, at, Math.min(stop, at + 128));
        if (close < 0) return false;
        at = close + 1;
      } else return false;
    }
  }

  /** The caller without the address that the option `sym-addr` adds. */
  private setCaller(buffer: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end && (buffer[at] === SPACE || buffer[at] === DASH)) at++;
    this.callerStart = at;
    const address = indexOfByte(buffer, LESS, at, end);
    this.callerEnd = address > at ? trimEnd(buffer, at, address) : end;
  }
}
