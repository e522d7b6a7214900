import { Lexer } from './lexer.ts';

/** How the bytes of a field are to be read. */
export type FieldKind =
  /** One number of 1, 2, 4 or 8 bytes. */
  | 'number'
  /** `char x[16]`: text up to the first NUL. */
  | 'text'
  /** `u8 x[6]`: that many numbers. */
  | 'array'
  /** `__data_loc T[] x`: 32 bits that tell length and place, from the start of the record. */
  | 'data-loc'
  /** `__rel_loc T[] x`: the same, the place counted from the end of the 32 bits. */
  | 'rel-loc'
  /** `T x[]`: everything to the end of the record, padding included. */
  | 'rest'
  /** A structure or another size: shown as bytes. */
  | 'bytes';

export interface Field {
  readonly name: string;
  /** The declared type without the name, e.g. `unsigned long`, `__data_loc char[]`. */
  readonly type: string;
  /** From the start of the record, in bytes. */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  readonly kind: FieldKind;
  /** Size of one element of arrays, in bytes; 0 when it is not known. */
  readonly elementSize: number;
  /** Elements are characters. */
  readonly isText: boolean;
}

export interface EventFormat {
  readonly name: string;
  readonly system: string;
  readonly id: number;
  /** Fields that every event has. */
  readonly common: readonly Field[];
  readonly fields: readonly Field[];
  /** What follows `print fmt:`, as written. */
  readonly printFormat: string;
}

const MAX_SIZE = 65536;
const utf8 = new TextDecoder('utf-8');

/**
 * Reads an event format file (kernel/trace/trace_events.c f_show). Fields whose declaration makes no sense are left
 * out.
 * @param known fields by their line, to which new ones are added: the formats of a file have many lines in common.
 * @returns null when name or id are missing.
 */
export function parseEventFormat(
  text: Uint8Array | string,
  system: string,
  longSize: number,
  known: Map<string, Field | null> = new Map(),
): EventFormat | null {
  const source = typeof text === 'string' ? text : utf8.decode(text);
  let name = '';
  let id = -1;
  let printFormat = '';
  const common: Field[] = [];
  const fields: Field[] = [];
  let at = 0;
  while (at < source.length) {
    let end = source.indexOf('\n', at);
    if (end < 0) end = source.length;
    const line = source.slice(at, end).trim();
    if (line.startsWith('name:')) name = line.slice(5).trim();
    else if (line.startsWith('ID:')) id = Number(line.slice(3).trim());
    else if (line.startsWith('field:') || line.startsWith('field special:')) {
      let field = known.get(line);
      if (field === undefined) {
        field = parseField(line.slice(line.indexOf(':') + 1), longSize);
        known.set(line, field);
      }
      if (field) (field.name.startsWith('common_') ? common : fields).push(field);
    } else if (line.startsWith('print fmt:')) {
      printFormat = source.slice(source.indexOf('print fmt:', at) + 10).trim();
      break;
    }
    at = end + 1;
  }
  if (!name || !Number.isInteger(id) || id < 0 || id > 65535) return null;
  return { name, system, id, common, fields, printFormat };
}

/** `unsigned short common_type;	offset:0;	size:2;	signed:0;` (older kernels have no `signed`). */
function parseField(text: string, longSize: number): Field | null {
  const lexer = new Lexer(text);
  const declaration = parseDeclaration(lexer);
  if (!declaration) return null;
  const numbers = new Map<string, number>();
  while (lexer.peek().kind !== 'end') {
    const key = lexer.next().text;
    if (lexer.take(':')) {
      const negative = lexer.take('-');
      numbers.set(key, Number(lexer.next().text) * (negative ? -1 : 1));
    }
    lexer.take(';');
  }
  const offset = numbers.get('offset') ?? -1;
  const size = numbers.get('size') ?? -1;
  if (!(offset >= 0 && offset <= MAX_SIZE && size >= 0 && size <= MAX_SIZE)) return null;
  const { name, type, base, isArray, dynamic } = declaration;
  const declared = numbers.get('signed');
  const element = sizeOfType(base, longSize);
  const isText = /\bchar\b/.test(base) && !base.includes('*');
  let kind: FieldKind;
  if (dynamic) kind = size >= 4 ? dynamic : 'bytes';
  else if (isArray && size === 0) kind = 'rest';
  else if (isArray) kind = isText ? 'text' : element > 0 && size % element === 0 ? 'array' : 'bytes';
  else kind = size === 1 || size === 2 || size === 4 || size === 8 ? 'number' : 'bytes';
  const elementSize = kind === 'number' ? size : element;
  const signed = declared === undefined ? !/\b(unsigned|bool|u\d+|__u\d+)\b|\*/.test(base) : declared !== 0;
  return { name, type, offset, size, signed, kind, elementSize, isText };
}

interface Declaration {
  readonly name: string;
  readonly type: string;
  /** The type of one element. */
  readonly base: string;
  readonly isArray: boolean;
  readonly dynamic: 'data-loc' | 'rel-loc' | null;
}

/** A C declaration up to its semicolon: the name is the last one outside brackets and attributes. */
function parseDeclaration(lexer: Lexer): Declaration | null {
  const words: string[] = [];
  let isArray = false;
  let dynamic: Declaration['dynamic'] = null;
  let nameAt = -1;
  for (;;) {
    const token = lexer.next();
    if (token.kind === 'end') return null;
    if (token.text === ';') break;
    if (token.text === '[') {
      isArray = true;
      let depth = 1;
      while (depth > 0) {
        const inner = lexer.next();
        if (inner.kind === 'end') return null;
        if (inner.text === '[') depth++;
        else if (inner.text === ']') depth--;
      }
    } else if (token.text === '__attribute__') skipParentheses(lexer);
    else if (token.text === '__data_loc') dynamic = 'data-loc';
    else if (token.text === '__rel_loc') dynamic = 'rel-loc';
    else {
      if (token.kind === 'name') nameAt = words.length;
      words.push(token.text);
    }
  }
  if (nameAt < 0) return null;
  const [name] = words.splice(nameAt, 1);
  if (words.length === 0) return null;
  const base = words.join(' ').replace(/ \*/g, '*');
  const prefix = dynamic === 'data-loc' ? '__data_loc ' : dynamic === 'rel-loc' ? '__rel_loc ' : '';
  return { name, type: `${prefix}${base}${isArray ? '[]' : ''}`, base, isArray, dynamic };
}

function skipParentheses(lexer: Lexer): void {
  let depth = 0;
  do {
    const token = lexer.next();
    if (token.kind === 'end') return;
    if (token.text === '(') depth++;
    else if (token.text === ')') depth--;
  } while (depth > 0);
}

const SIZES: Readonly<Record<string, number>> = {
  char: 1,
  bool: 1,
  _Bool: 1,
  short: 2,
  int: 4,
  unsigned: 4,
  signed: 4,
  float: 4,
  double: 8,
  pid_t: 4,
  gfp_t: 4,
  dev_t: 4,
  umode_t: 2,
  loff_t: 8,
  sector_t: 8,
  dma_addr_t: 8,
  phys_addr_t: 8,
};

/** Size of one value of a C type, in bytes; 0 when it is not known. */
export function sizeOfType(type: string, longSize: number): number {
  if (type.includes('*')) return longSize;
  const words = type.split(/\s+/).filter((word) => word !== 'const' && word !== 'volatile');
  const longs = words.filter((word) => word === 'long').length;
  if (longs > 0) return longs > 1 ? 8 : longSize;
  if (words.includes('size_t') || words.includes('ssize_t') || words.includes('uintptr_t')) return longSize;
  for (const word of words) {
    const fixed = /^(?:__)?(?:[usb]|le|be|u?int)(8|16|32|64)(?:_t)?$/.exec(word);
    if (fixed) return Number(fixed[1]) / 8;
  }
  for (const word of ['char', 'bool', '_Bool', 'short']) if (words.includes(word)) return SIZES[word];
  return SIZES[words[words.length - 1]] ?? SIZES[words[0]] ?? 0;
}
