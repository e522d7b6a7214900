import { Lexer } from './lexer.ts';

/** An argument of a print format: C expressions over the fields of the record (`REC->field`). */
export type Expression =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'unary'; readonly op: string; readonly of: Expression }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'cast'; readonly type: string; readonly of: Expression }
  | { readonly kind: 'sizeof'; readonly type: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly at: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  /** A name that is neither field nor function: an enum the kernel did not resolve. */
  | { readonly kind: 'name'; readonly name: string };

const PRECEDENCE: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};

const TYPE_WORDS = new Set(
  (
    'unsigned signed int long short char void const volatile struct union enum bool _Bool float double size_t ssize_t ' +
    'u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 __s8 __s16 __s32 __s64 __le16 __le32 __le64 __be16 __be32 ' +
    '__be64 uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t uintptr_t'
  ).split(' '),
);

/** Formats of the kernel nest a dozen levels; this keeps hostile ones off the stack. */
const MAX_DEPTH = 200;

/** Thrown inside this file and by its users where a print format cannot be understood. */
export class NotUnderstood extends Error {
  override name = 'NotUnderstood';
}

export interface PrintFormat {
  readonly format: string;
  readonly args: readonly Expression[];
}

/** Parses what follows `print fmt:`; null when it is not of the form `"format", arguments`. */
export function parsePrintFormat(text: string): PrintFormat | null {
  try {
    return new Parser(text).printFormat();
  } catch (error) {
    if (error instanceof NotUnderstood) return null;
    throw error;
  }
}

class Parser {
  private readonly lexer: Lexer;
  private depth = 0;

  constructor(text: string) {
    this.lexer = new Lexer(text);
  }

  printFormat(): PrintFormat {
    const format = this.strings();
    const args: Expression[] = [];
    while (this.lexer.take(',')) args.push(this.expression());
    const rest = this.lexer.peek();
    if (rest.kind !== 'end' && rest.text !== ';') throw new NotUnderstood(`unexpected ${rest.text}`);
    return { format, args };
  }

  private strings(): string {
    if (this.lexer.peek().kind !== 'string') throw new NotUnderstood('no format string');
    let text = '';
    while (this.lexer.peek().kind === 'string') text += this.lexer.next().text;
    return text;
  }

  private expression(): Expression {
    if (++this.depth > MAX_DEPTH) throw new NotUnderstood('nested too deeply');
    const test = this.binary(1);
    let result = test;
    if (this.lexer.take('?')) {
      const yes = this.lexer.peek().text === ':' ? test : this.expression();
      this.expect(':');
      result = { kind: 'choice', test, yes, no: this.expression() };
    }
    this.depth--;
    return result;
  }

  private binary(least: number): Expression {
    let left = this.unary();
    for (;;) {
      const token = this.lexer.peek();
      const precedence = token.kind === 'op' ? PRECEDENCE[token.text] : undefined;
      if (precedence === undefined || precedence < least) return left;
      this.lexer.next();
      left = { kind: 'binary', op: token.text, left, right: this.binary(precedence + 1) };
    }
  }

  private unary(): Expression {
    if (++this.depth > MAX_DEPTH) throw new NotUnderstood('nested too deeply');
    try {
      const token = this.lexer.peek();
      if (token.kind === 'op' && ['!', '~', '-', '+', '*', '&'].includes(token.text)) {
        this.lexer.next();
        return { kind: 'unary', op: token.text, of: this.unary() };
      }
      return this.postfix(this.primary());
    } finally {
      this.depth--;
    }
  }

  private postfix(start: Expression): Expression {
    let of = start;
    for (;;) {
      if (this.lexer.take('[')) {
        of = { kind: 'index', of, at: this.expression() };
        this.expect(']');
      } else if (this.lexer.peek().text === '->' || this.lexer.peek().text === '.') {
        throw new NotUnderstood('a member of a structure');
      } else return of;
    }
  }

  private primary(): Expression {
    const token = this.lexer.next();
    switch (token.kind) {
      case 'number':
        return { kind: 'number', value: numberOf(token.text) };
      case 'char':
        return { kind: 'number', value: BigInt(token.text.charCodeAt(0) || 0) };
      case 'string': {
        let value = token.text;
        while (this.lexer.peek().kind === 'string') value += this.lexer.next().text;
        return { kind: 'string', value };
      }
      case 'name':
        return this.named(token.text);
      default:
    }
    if (token.text === '(') return this.parenthesis();
    if (token.text === '{') return { kind: 'list', items: this.items('}') };
    throw new NotUnderstood(`unexpected ${token.text}`);
  }

  private named(name: string): Expression {
    if (name === 'REC' && this.lexer.take('->')) return { kind: 'field', name: this.lexer.next().text };
    if (name === 'sizeof') {
      this.expect('(');
      const type = this.typeUntilParenthesis();
      return { kind: 'sizeof', type };
    }
    if (this.lexer.take('(')) return { kind: 'call', name, args: this.items(')') };
    return { kind: 'name', name };
  }

  private items(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.lexer.take(close)) {
      items.push(this.expression());
      if (!this.lexer.take(',')) {
        this.expect(close);
        break;
      }
    }
    return items;
  }

  private parenthesis(): Expression {
    const mark = this.lexer.mark();
    const type = this.castType();
    if (type !== null) return { kind: 'cast', type, of: this.unary() };
    this.lexer.restore(mark);
    if (this.lexer.peek().text === '{') throw new NotUnderstood('a statement');
    const inner = this.expression();
    this.expect(')');
    return inner;
  }

  /** The type of a cast, or null when the parenthesis holds an expression. */
  private castType(): string | null {
    const words: string[] = [];
    let known = false;
    for (;;) {
      const token = this.lexer.next();
      if (token.text === ')' && token.kind === 'op') break;
      if (token.kind !== 'name' && token.text !== '*') return null;
      if (TYPE_WORDS.has(token.text)) known = true;
      words.push(token.text);
    }
    if (words.length === 0 || words[0] === '*') return null;
    // `(gfp_t)REC->x` casts to a type that is not in the list; `(X)` alone is a value.
    const after = this.lexer.peek();
    const operand = after.kind === 'name' || after.kind === 'number' || after.text === '(';
    return known || words.includes('*') || (operand && words[0] !== 'REC') ? words.join(' ') : null;
  }

  private typeUntilParenthesis(): string {
    const words: string[] = [];
    let depth = 1;
    for (;;) {
      const token = this.lexer.next();
      if (token.kind === 'end') throw new NotUnderstood('sizeof without an end');
      if (token.text === '(') depth++;
      else if (token.text === ')' && --depth === 0) return words.join(' ');
      words.push(token.text);
    }
  }

  private expect(text: string): void {
    if (!this.lexer.take(text)) throw new NotUnderstood(`expected ${text}, found ${this.lexer.peek().text}`);
  }
}

function numberOf(text: string): bigint {
  const digits = /^(0[xX][0-9a-fA-F]+|[0-9]+)/.exec(text)?.[1] ?? '0';
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  return digits.length > 40 ? 0n : BigInt(digits);
}
