import { InputError } from '../input-error.ts';
import type { ByteSource } from '../source.ts';

/** A file in an archive. */
export interface TarEntry {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const BLOCK = 512;
const MOST_ENTRIES = 10_000;
/** Names longer than this are no paths. */
const LONGEST_NAME = 1 << 16;

/**
 * Whether a source begins as a tar does: a block whose checksum fits. Archives from before POSIX have no magic, so the
 * checksum decides (POSIX pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
 */
export function isTar(source: ByteSource): boolean {
  const block = new Uint8Array(BLOCK);
  return source.read(0, block) === BLOCK && block[0] !== 0 && hasChecksum(block);
}

/**
 * Lists the regular files of a tar: ustar, GNU (long names, sizes in base 256) and pax (path and size).
 * @throws InputError for an archive that is damaged or ends inside a file.
 */
export function readTar(source: ByteSource): TarEntry[] {
  const entries: TarEntry[] = [];
  const block = new Uint8Array(BLOCK);
  let at = 0;
  let extended: Extended = {};
  while (source.read(at, block) === BLOCK && block.some((byte) => byte !== 0)) {
    if (!hasChecksum(block)) throw damaged(source, at, 'a block that is no header of a file');
    const type = String.fromCharCode(block[156]);
    const size = extended.size ?? numberAt(block, 124, 12);
    const offset = at + BLOCK;
    if (!Number.isSafeInteger(size) || size < 0) throw damaged(source, at, 'a file without a size');
    if (offset + size > source.size) throw damaged(source, at, 'a file that goes on beyond the end');
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 'L' || type === 'x') {
      extended = { ...extended, ...readExtended(source, type, offset, size) };
      continue;
    }
    // Links, directories and devices hold nothing; the global header of pax names no file.
    if (type === '0' || type === '\0' || type === '7') {
      const name = extended.path ?? nameIn(block);
      if (!name.endsWith('/')) entries.push({ name: name.replace(/^(?:\.\/)+/, ''), offset, size });
    }
    if (entries.length > MOST_ENTRIES) throw damaged(source, at, `more than ${MOST_ENTRIES} files`);
    if (type !== 'g' && type !== 'K') extended = {};
  }
  return entries;
}

interface Extended {
  readonly path?: string;
  readonly size?: number;
}

/** The name of the next file (GNU), or records `length key=value` about it (pax). */
function readExtended(source: ByteSource, type: string, offset: number, size: number): Extended {
  const bytes = Buffer.alloc(Math.min(size, LONGEST_NAME));
  const text = bytes.toString('utf8', 0, source.read(offset, bytes));
  if (type === 'L') return { path: text.replace(/\0.*$/s, '') };
  const found: { path?: string; size?: number } = {};
  for (const [, key, value] of text.matchAll(/^\d+ ([\w.]+)=(.*)$/gm)) {
    if (key === 'path') found.path = value;
    else if (key === 'size') found.size = Number(value);
  }
  return found;
}

function nameIn(block: Uint8Array): string {
  const name = textAt(block, 0, 100);
  const isUstar = textAt(block, 257, 5) === 'ustar' && block[262] === 0;
  const prefix = isUstar ? textAt(block, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textAt(block: Uint8Array, start: number, length: number): string {
  const part = block.subarray(start, start + length);
  const end = part.indexOf(0);
  return Buffer.from(end < 0 ? part : part.subarray(0, end)).toString('utf8');
}

/** An octal number, or base 256 where the first bit is set. */
function numberAt(block: Uint8Array, start: number, length: number): number {
  if ((block[start] & 0x80) !== 0) {
    let value = 0;
    for (let i = start + 1; i < start + length; i++) value = value * 256 + block[i];
    return value;
  }
  const digits = textAt(block, start, length).trim();
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** The sum of all bytes of a header, those of the checksum itself taken as spaces. */
function hasChecksum(block: Uint8Array): boolean {
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i];
  return numberAt(block, 148, 8) === sum;
}

function damaged(source: ByteSource, at: number, what: string): InputError {
  return new InputError(
    `${source.path}: this tar has ${what} (at byte ${at}). It is cut or damaged; copy or pack it again.`,
  );
}
