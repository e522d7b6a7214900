/** A token of the C-like text of event formats. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'char' | 'op' | 'end';
  /** Of a string: its content, escapes resolved. Else as written. */
  readonly text: string;
}

const END: Token = { kind: 'end', text: '' };
const OPERATORS = ['<<=', '>>=', '...', '->', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||', '++', '--'];
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  0: '\0',
};

function isNameStart(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_' || char === '$';
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

/** Cuts the declarations and print formats of event format files into tokens. */
export class Lexer {
  private readonly text: string;
  private at = 0;
  private ahead: Token | null = null;

  constructor(text: string) {
    this.text = text;
  }

  peek(): Token {
    this.ahead ??= this.scan();
    return this.ahead;
  }

  next(): Token {
    const token = this.peek();
    this.ahead = null;
    return token;
  }

  /** Takes the next token if it is this operator or name. */
  take(text: string): boolean {
    const token = this.peek();
    if (token.text !== text || token.kind === 'string' || token.kind === 'char') return false;
    this.ahead = null;
    return true;
  }

  /** A place to come back to with `restore`. */
  save(): number {
    this.ahead = null;
    return this.at;
  }

  /** The start of the token that `peek` shows, for `restore`. */
  mark(): number {
    return this.ahead ? this.aheadStart : this.at;
  }

  restore(mark: number): void {
    this.at = mark;
    this.ahead = null;
  }

  private aheadStart = 0;

  private scan(): Token {
    const { text } = this;
    while (this.at < text.length && text.charCodeAt(this.at) <= 32) this.at++;
    this.aheadStart = this.at;
    if (this.at >= text.length) return END;
    const char = text[this.at];
    if (isNameStart(char)) return this.run('name', (c) => isNameStart(c) || isDigit(c));
    if (isDigit(char)) return this.run('number', (c) => isNameStart(c) || isDigit(c));
    if (char === '"') return this.quoted('string', '"');
    if (char === "'") return this.quoted('char', "'");
    const operator = OPERATORS.find((candidate) => text.startsWith(candidate, this.at)) ?? char;
    this.at += operator.length;
    return { kind: 'op', text: operator };
  }

  private run(kind: 'name' | 'number', belongs: (char: string) => boolean): Token {
    const start = this.at;
    while (this.at < this.text.length && belongs(this.text[this.at])) this.at++;
    return { kind, text: this.text.slice(start, this.at) };
  }

  private quoted(kind: 'string' | 'char', quote: string): Token {
    let content = '';
    this.at++;
    while (this.at < this.text.length && this.text[this.at] !== quote) {
      if (this.text[this.at] !== '\\') {
        content += this.text[this.at++];
        continue;
      }
      const escaped = /^(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3}))/.exec(this.text.slice(this.at + 1, this.at + 4));
      if (escaped) {
        content += String.fromCharCode(Number.parseInt(escaped[1] ?? escaped[2], escaped[1] ? 16 : 8) & 255);
        this.at += 1 + escaped[0].length;
      } else {
        const char = this.text[this.at + 1] ?? '';
        content += ESCAPES[char] ?? char;
        this.at += 2;
      }
    }
    this.at = Math.min(this.at + 1, this.text.length);
    return { kind, text: content };
  }
}
