import {
  closingParen,
  DASH,
  EQUALS,
  indexOfByte,
  isNameByte,
  LEFT_BRACE,
  LEFT_BRACKET,
  LEFT_PAREN,
  LESS,
  RIGHT_BRACE,
  RIGHT_PAREN,
  SEMICOLON,
  SLASH,
  SPACE,
  skipSpaces,
  startsWith,
  trimEnd,
} from './bytes.ts';

const STAR = 42;

/**
 * What a line of a function graph says behind its columns:
 *
 *     func() {                     a call begins
 *     func(dev=0x.., ps=13);       a call that begins and ends here
 *     }   } /* func *\/             a call ends
 *     /* event: body *\/            a trace event in between
 *
 * with `[module]` behind the function, and in a comment the caller and the value returned:
 * `/* <-caller+0x3a/0x50 ret=-22 *\/`, `/* = 0x0 *\/` (6.5), `(ret=0xffffffea)` (trace-cmd).
 * Follows `print_graph_entry_leaf`, `print_graph_entry_nested`, `print_graph_return` and `print_graph_retval`
 * (kernel/trace/trace_functions_graph.c, 6.1 to 7.2), and libtraceevent's plugins/plugin_function.c with trace-cmd's
 * lib/trace-cmd/trace-ftrace.c.
 */
export class CallText {
  kind: 'begin' | 'leaf' | 'end' | 'comment' = 'end';
  symbolStart = 0;
  symbolEnd = 0;
  /** Between the parentheses; empty when no arguments are printed. */
  argsStart = 0;
  argsEnd = 0;
  callerStart = 0;
  callerEnd = 0;
  /** Value returned, or empty. */
  retStart = 0;
  retEnd = 0;
  /** Inside of a comment. */
  bodyStart = 0;
  bodyEnd = 0;
  /** False for a comment that goes on in the next line. */
  closed = true;

  /** Returns false when `[start, end)` is no such text. */
  parse(buffer: Uint8Array, start: number, end: number): boolean {
    let at = skipSpaces(buffer, start, end);
    const stop = trimEnd(buffer, at, end);
    if (at >= stop) return false;
    this.symbolStart = this.symbolEnd = this.argsStart = this.argsEnd = at;
    this.callerStart = this.callerEnd = this.retStart = this.retEnd = at;
    if (buffer[at] === SLASH && buffer[at + 1] === STAR) return this.parseComment(buffer, at, stop);
    if (buffer[at] === RIGHT_BRACE) {
      this.kind = 'end';
      return this.parseTail(buffer, at + 1, stop);
    }
    while (at < stop && isNameByte(buffer[at])) at++;
    this.symbolEnd = at;
    if (at === this.symbolStart) return false;
    if (buffer[at] === SPACE && buffer[at + 1] === LEFT_BRACKET) {
      at = indexOfByte(buffer, 93, at, Math.min(stop, at + 128)) + 1;
      if (at === 0) return false;
    }
    if (buffer[at] !== LEFT_PAREN) return false;
    const close = closingParen(buffer, at, stop);
    if (close < 0) return false;
    this.setArguments(buffer, at + 1, close);
    at = skipSpaces(buffer, close + 1, stop);
    if (buffer[at] === SEMICOLON) this.kind = 'leaf';
    else if (buffer[at] === LEFT_BRACE) this.kind = 'begin';
    else if (buffer[at] === SLASH && buffer[stop - 1] === LEFT_BRACE) {
      // trace-cmd puts the comment before the brace.
      this.kind = 'begin';
      return this.parseTail(buffer, at, trimEnd(buffer, at, stop - 1));
    } else return false;
    return this.parseTail(buffer, at + 1, stop);
  }

  /** `(...)` is what trace-cmd prints for arguments it does not know. */
  private setArguments(buffer: Uint8Array, start: number, end: number): void {
    if (startsWith(buffer, start, end, '...')) return;
    this.argsStart = start;
    this.argsEnd = end;
  }

  private parseComment(buffer: Uint8Array, start: number, end: number): boolean {
    this.kind = 'comment';
    this.closed = buffer[end - 1] === SLASH && buffer[end - 2] === STAR && end - start >= 4;
    this.bodyStart = skipSpaces(buffer, start + 2, end);
    this.bodyEnd = this.closed ? trimEnd(buffer, this.bodyStart, end - 2) : end;
    return true;
  }

  /** What follows a call or a closing brace. */
  private parseTail(buffer: Uint8Array, start: number, end: number): boolean {
    let at = skipSpaces(buffer, start, end);
    while (at < end) {
      const wordEnd = endOfWord(buffer, at, end);
      if (buffer[at] === LESS && buffer[at + 1] === DASH) at = this.setCaller(buffer, at + 2, wordEnd, end);
      else if (buffer[at] === EQUALS && wordEnd === at + 1) {
        this.retStart = skipSpaces(buffer, wordEnd, end);
        at = this.retEnd = endOfWord(buffer, this.retStart, end);
      } else {
        const value = buffer[at] === LEFT_PAREN ? at + 1 : at;
        if (startsWith(buffer, value, wordEnd, 'ret=')) {
          this.retStart = value + 4;
          this.retEnd = buffer[wordEnd - 1] === RIGHT_PAREN ? wordEnd - 1 : wordEnd;
        } else if (isNameByte(buffer[at])) {
          if (this.kind !== 'end' || this.symbolEnd > this.symbolStart) return false;
          this.symbolStart = at;
          while (at < wordEnd && isNameByte(buffer[at])) at++;
          this.symbolEnd = at;
        } else if (!isPunctuation(buffer[at])) return false;
        at = wordEnd;
      }
      at = skipSpaces(buffer, at, end);
    }
    return true;
  }

  /** The caller with the module behind it. */
  private setCaller(buffer: Uint8Array, start: number, wordEnd: number, end: number): number {
    this.callerStart = start;
    this.callerEnd = wordEnd;
    if (buffer[wordEnd + 1] === LEFT_BRACKET && wordEnd + 1 < end)
      this.callerEnd = endOfWord(buffer, wordEnd + 1, end);
    return this.callerEnd;
  }
}

function endOfWord(buffer: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && buffer[at] !== SPACE) at++;
  return at;
}

/** Comment marks, modules and what trace-cmd adds. */
function isPunctuation(byte: number): boolean {
  return byte === SLASH || byte === STAR || byte === LEFT_BRACKET || byte === LEFT_BRACE || byte === LESS;
}
