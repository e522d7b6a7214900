import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { InputError } from './input-error.ts';

/** Bytes that can be read at any offset. */
export interface ByteSource {
  /** As the user named it. */
  readonly path: string;
  /** In bytes, after decompression. */
  readonly size: number;
  /** Fills `target` from `offset` and returns the number of bytes read; less than asked only at the end. */
  read(offset: number, target: Uint8Array): number;
  close(): void;
}

class FileSource implements ByteSource {
  readonly path: string;
  readonly size: number;
  private readonly fd: number;
  private readonly onClose: () => void;

  constructor(path: string, file: string, onClose: () => void = () => {}) {
    this.path = path;
    this.fd = openSync(file, 'r');
    this.size = fstatSync(this.fd).size;
    this.onClose = onClose;
  }

  read(offset: number, target: Uint8Array): number {
    let filled = 0;
    while (filled < target.length) {
      const got = readSync(this.fd, target, filled, target.length - filled, offset + filled);
      if (got === 0) break;
      filled += got;
    }
    return filled;
  }

  close(): void {
    closeSync(this.fd);
    this.onClose();
  }
}

/** Bytes already in memory, for tests and for members of a bundle. */
export class MemorySource implements ByteSource {
  readonly path: string;
  readonly size: number;
  private readonly bytes: Uint8Array;

  constructor(path: string, bytes: Uint8Array) {
    this.path = path;
    this.bytes = bytes;
    this.size = bytes.length;
  }

  read(offset: number, target: Uint8Array): number {
    const part = this.bytes.subarray(offset, offset + target.length);
    target.set(part);
    return part.length;
  }

  close(): void {}
}

/** Writes a stream into a temporary file, so that it can be read at any offset; the file goes away on close. */
async function spool(path: string, ...stages: [Readable, ...NodeJS.ReadWriteStream[]]): Promise<ByteSource> {
  const folder = mkdtempSync(join(tmpdir(), 'atscope-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const file = join(folder, 'input');
    await pipeline([...stages, createWriteStream(file)]);
    return new FileSource(path, file, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

function explain(path: string, error: unknown): InputError {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return new InputError(`${path}: no such file. Check the path; quote it if it has spaces.`);
    case 'EACCES':
    case 'EPERM':
      return new InputError(`${path}: no permission to read it. Traces made by root need chmod or sudo.`);
    case 'EISDIR':
      return new InputError(`${path}: is a directory; name the files in it that were recorded.`);
    case 'Z_DATA_ERROR':
    case 'Z_BUF_ERROR':
      return new InputError(`${path}: damaged gzip data (${message}). Copy the file again.`);
    case 'ENOSPC':
      return new InputError(
        `${path}: no space left in ${tmpdir()} to unpack it. Set TMPDIR to a larger disk.`,
      );
    default:
      return new InputError(`${path}: cannot be read (${message}).`);
  }
}

/**
 * Opens an input. `-` is standard input. Gzip is unpacked; streams and packed files are spooled to a temporary file.
 * @throws InputError that names the file and what to do.
 */
export async function openSource(path: string): Promise<ByteSource> {
  try {
    if (path === '-') {
      if (process.stdin.isTTY) throw new InputError('-: standard input is a terminal; pipe a trace into it.');
      return await unpack(await spool('-', process.stdin));
    }
    const source = new FileSource(path, path);
    try {
      // tracefs files say size 0 and give bytes all the same.
      if (source.size === 0 && source.read(0, new Uint8Array(1)) > 0) {
        source.close();
        return await unpack(await spool(path, createReadStream(path)));
      }
      return await unpack(source, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EISDIR') source.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw explain(path, error);
  }
}

async function unpack(source: ByteSource, file?: string): Promise<ByteSource> {
  const magic = new Uint8Array(6);
  const got = source.read(0, magic);
  if (got >= 2 && magic[0] === 0x1f && magic[1] === 0x8b) {
    source.close();
    if (!file)
      throw new InputError(`${source.path}: packed standard input; unpack it first: zcat FILE | atscope ...`);
    return spool(source.path, createReadStream(file), createGunzip());
  }
  return source;
}

/** The first bytes of a source, for detection. */
export function headOf(source: ByteSource, length = 65536): Uint8Array {
  const head = new Uint8Array(Math.min(length, source.size));
  return head.subarray(0, source.read(0, head));
}
