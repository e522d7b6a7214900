import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { InputError } from './input-error.ts';
import { packingOf, spool, unpackToFile } from './unpack.ts';

/** Bytes that can be read at any offset. */
export interface ByteSource {
  /** As the user named it. */
  readonly path: string;
  /** In bytes, after decompression. */
  readonly size: number;
  /** Where its own bytes begin, when what stands before them belongs to other sources. */
  readonly contentStart?: number;
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

  /** The bytes themselves: nobody may change them. */
  view(offset: number, length: number): Uint8Array {
    return this.bytes.subarray(offset, offset + length);
  }

  close(): void {}
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
    case 'ENOSPC':
      return new InputError(
        `${path}: no space left in ${tmpdir()} to unpack it. Set TMPDIR to a larger disk.`,
      );
    default:
      return new InputError(`${path}: cannot be read (${message}).`);
  }
}

/**
 * Opens an input. `-` is standard input. Gzip, zstd and xz are unpacked, UTF-16 and a byte order mark read as plain text; streams and packed files are spooled to a
 * temporary file.
 * @throws InputError that names the file and what to do.
 */
export async function openSource(path: string): Promise<ByteSource> {
  try {
    if (path === '-') {
      if (process.stdin.isTTY) throw new InputError('-: standard input is a terminal; pipe a trace into it.');
      return await unpackSource(await spooled('-', process.stdin));
    }
    const source = new FileSource(path, path);
    try {
      // tracefs files say size 0 and give bytes all the same.
      if (source.size === 0 && source.read(0, new Uint8Array(1)) > 0) {
        source.close();
        return await unpackSource(await spooled(path, createReadStream(path)));
      }
      return await unpackSource(source);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EISDIR') source.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw explain(path, error);
  }
}

async function spooled(path: string, stream: NodeJS.ReadableStream): Promise<ByteSource> {
  const { file, remove } = await spool(stream);
  return new FileSource(path, file, remove);
}

/**
 * What a packed source holds; the source itself when it is not packed. The packed one is closed.
 * @throws InputError for damage and decompression bombs.
 */
export async function unpackSource(source: ByteSource): Promise<ByteSource> {
  const packing = packingOf(source);
  if (!packing) return source;
  try {
    const { file, remove } = await unpackToFile(source, packing);
    return new FileSource(source.path, file, remove);
  } finally {
    source.close();
  }
}

/** The first bytes of a source, for detection. */
export function headOf(source: ByteSource, length = 65536): Uint8Array {
  const start = source.contentStart ?? 0;
  const head = new Uint8Array(Math.min(length, source.size - start));
  return head.subarray(0, source.read(start, head));
}
