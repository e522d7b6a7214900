import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { InputError } from './input-error.ts';

/** Bytes that can be read at an offset. */
interface Packed {
  readonly path: string;
  readonly size: number;
  read(offset: number, target: Uint8Array): number;
}

/** Unpacks the whole of `source` piece by piece. */
type Unpacker = (source: Packed) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

interface Packing {
  readonly name: string;
  /** The bytes it begins with. */
  readonly magic: readonly number[];
  /** What the name of a packed file ends in. */
  readonly suffix: string;
  readonly unpack: Unpacker;
}

const READ = 1 << 18;

function* pieces(source: Packed): Generator<Uint8Array> {
  for (let at = 0; at < source.size; ) {
    const piece = new Uint8Array(Math.min(READ, source.size - at));
    const got = source.read(at, piece);
    if (got === 0) return;
    at += got;
    yield piece.subarray(0, got);
  }
}

async function* gunzip(source: Packed): AsyncGenerator<Uint8Array> {
  const stream = Readable.from(pieces(source)).pipe(createGunzip());
  for await (const piece of stream) yield piece as Uint8Array;
}

/** Calls in a row that give nothing: the decoder of zstd reports damage in no other way. */
const MOST_EMPTY = 1000;

async function* unzstd(source: Packed): AsyncGenerator<Uint8Array> {
  const { ZSTDDecoder } = await import('zstddec/stream');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  let empty = 0;
  for (const piece of decoder.decodeStreaming(pieces(source))) {
    empty = piece.length === 0 ? empty + 1 : 0;
    if (empty > MOST_EMPTY) throw new Error('a block makes no sense, or needs a window above 128 MiB');
    if (piece.length > 0) yield piece;
  }
}

interface XzModule {
  readonly XzReadableStream: new (packed: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
}

async function* unxz(source: Packed): AsyncGenerator<Uint8Array> {
  // A CommonJS package: where it is bundled, its names hang off the default export.
  const loaded = (await import('xz-decompress')) as XzModule & { readonly default?: XzModule };
  const { XzReadableStream } = loaded.default ?? loaded;
  const input = Readable.toWeb(Readable.from(pieces(source))) as ReadableStream<Uint8Array>;
  const reader = new XzReadableStream(input).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    // The decoder uses its memory again.
    if (value) yield value.slice();
  }
}

/** Text as Windows saves it becomes UTF-8. */
const recode = (label: string): Unpacker =>
  function* (source) {
    const decoder = new TextDecoder(label);
    const encoder = new TextEncoder();
    for (const piece of pieces(source)) yield encoder.encode(decoder.decode(piece, { stream: true }));
  };

/** All but the mark in front. */
function* withoutMark(source: Packed): Generator<Uint8Array> {
  let mark = UTF8_MARK.length;
  for (const piece of pieces(source)) {
    yield piece.subarray(mark);
    mark = 0;
  }
}

const UTF8_MARK = [0xef, 0xbb, 0xbf];

const PACKINGS: readonly Packing[] = [
  { name: 'gzip', magic: [0x1f, 0x8b], suffix: '.gz', unpack: gunzip },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], suffix: '.zst', unpack: unzstd },
  { name: 'UTF-16', magic: [0xff, 0xfe], suffix: '.utf16', unpack: recode('utf-16le') },
  { name: 'UTF-16', magic: [0xfe, 0xff], suffix: '.utf16', unpack: recode('utf-16be') },
  { name: 'UTF-8 with a byte order mark', magic: UTF8_MARK, suffix: '.utf8', unpack: withoutMark },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], suffix: '.xz', unpack: unxz },
];

/** How a source is packed, by its first bytes; null when it is not. */
export function packingOf(source: Packed): Packing | null {
  const head = new Uint8Array(6);
  const got = source.read(0, head);
  return (
    PACKINGS.find(({ magic }) => got >= magic.length && magic.every((byte, i) => head[i] === byte)) ?? null
  );
}

/** The name of a file without what tells its packing. */
export function plainName(name: string): string {
  const packing = PACKINGS.find(({ suffix }) => name.endsWith(suffix));
  return packing ? name.slice(0, -packing.suffix.length) : name;
}

/** Logs and traces pack 5 to 50 times, a log of one repeated line some hundred times. */
const MOST_RATIO = 500;
const HARMLESS = 256 * 1024 * 1024;

/** Passes pieces on until they are more than makes sense. @throws InputError for a decompression bomb. */
async function* bounded(
  source: Packed,
  unpacked: ReturnType<Unpacker>,
  harmless: number,
): AsyncGenerator<Uint8Array> {
  const most = Math.max(harmless, source.size * MOST_RATIO);
  let size = 0;
  for await (const piece of unpacked) {
    size += piece.length;
    if (size > most) {
      throw new InputError(
        `${source.path}: unpacks to more than ${MOST_RATIO} times its size and is taken for a decompression bomb. If it is none, unpack it and name the result.`,
      );
    }
    yield piece;
  }
}

/**
 * Writes bytes into a temporary file, so that they can be read at any offset.
 * @returns the file, and what removes it.
 */
export async function spool(
  bytes: AsyncIterable<Uint8Array> | NodeJS.ReadableStream,
): Promise<{ file: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'atscope-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // A program that is stopped leaves nothing behind.
  process.once('exit', remove);
  try {
    const file = join(folder, 'input');
    await pipeline(bytes, createWriteStream(file));
    return {
      file,
      remove() {
        process.removeListener('exit', remove);
        remove();
      },
    };
  } catch (error) {
    process.removeListener('exit', remove);
    remove();
    throw error;
  }
}

/**
 * Unpacks a source into a temporary file.
 * @param harmless so many bytes are no bomb, however small the source is.
 * @throws InputError for damage, and for a decompression bomb.
 */
export async function unpackToFile(
  source: Packed,
  packing: Packing,
  harmless = HARMLESS,
): ReturnType<typeof spool> {
  try {
    return await spool(bounded(source, packing.unpack(source), harmless));
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw error;
    if (packing.name === 'xz' && /code 6\b/.test(message)) {
      throw new InputError(
        `${source.path}: xz data with options that are not supported here (only the checks none, crc32 and crc64, and no filter but lzma2). Unpack it with xz -d and name the result.`,
      );
    }
    throw new InputError(
      `${source.path}: damaged or cut ${packing.name} data (${message}). Copy the file again, or unpack what can be unpacked and name that.`,
    );
  }
}
