import { InputError } from '../input-error.ts';
import type { SourceRecording } from '../recording.ts';
import type { ByteSource } from '../source.ts';
import { ByteMap } from './byte-map.ts';
import { COMPRESSIONS, type Compression, type Unpack, unpackerOf } from './compression.ts';
import { readSectionsV6 } from './container-v6.ts';
import { claimLooseSections, readBuffersV7, readMetadataV7 } from './container-v7.ts';
import { Cursor } from './cursor.ts';
import { Damage } from './damage.ts';
import { MAGIC } from './detect.ts';
import type { HeaderInfo } from './metadata.ts';
import { type Container, checkPageSize } from './parts.ts';
import type { BufferInfo, CpuExtent, TraceFile } from './trace-file.ts';

/** What it takes to read the pages of events. */
export interface PagesInfo {
  readonly bigEndian: boolean;
  readonly buffers: readonly BufferInfo[];
  readonly unpack: Unpack;
}

export interface OpenedFile {
  readonly file: TraceFile;
  readonly unpack: Unpack;
  readonly map: ByteMap;
}

/** What is told while a file is opened: symbols and formats take long to read, and others can work meanwhile. */
export interface OpeningSteps {
  /** How the file is packed: threads can start. */
  onPacking?(compression: Compression, unpack: Unpack): void;
  /** Where the pages of events lie: they can be unpacked. */
  onPages?(pages: PagesInfo): void;
}

/**
 * Reads everything of a trace.dat but its events, following Documentation/trace-cmd/trace-cmd.dat.v6.5.txt and
 * .v7.5.txt of trace-cmd.
 * @throws InputError when the file cannot be used at all; lesser damage goes to the import log of `out`.
 */
export async function openTraceFile(
  source: ByteSource,
  out: SourceRecording,
  steps: OpeningSteps = {},
): Promise<OpenedFile> {
  const refuse = (offset: number, message: string): InputError =>
    new InputError(
      `${source.path}: ${message} (at byte ${offset}). The file is cut or damaged; record or copy it again.`,
    );
  try {
    const preamble = readPreamble(source);
    const { version, bigEndian, pageSize, compression, cursor } = preamble;
    const unpack = await unpackerOf(compression);
    steps.onPacking?.(compression, unpack);
    const map = new ByteMap(source.size);
    const container: Container = {
      source,
      bigEndian,
      pageSize,
      compression,
      unpack,
      map,
      note: (severity, code, offset, message) => out.note(severity, code, { offset }, message),
      cut: () => {
        out.complete = false;
      },
    };
    const parts = version === 6 ? readSectionsV6(container, cursor) : readBuffersV7(container, cursor);
    const buffers = withoutOverlaps(parts.buffers, container);
    steps.onPages?.({ bigEndian, buffers, unpack });
    if (version === 7) readMetadataV7(container, parts);
    const file: TraceFile = {
      version,
      bigEndian,
      longSize: longSizeOf(source, parts.header, preamble.longSize, container),
      compression,
      formats: parts.formats,
      kallsyms: parts.kallsyms,
      printkFormats: parts.printkFormats,
      cmdlines: parts.cmdlines,
      buffers,
      texts: parts.texts,
      options: parts.options.values,
    };
    for (const buffer of file.buffers) {
      for (const { offset, size } of buffer.cpus) map.add(offset, offset + size, 'data');
    }
    if (version === 7) claimLooseSections(container);
    return { file, unpack, map };
  } catch (error) {
    if (error instanceof Damage) throw refuse(error.offset, error.message);
    throw error;
  }
}

interface Preamble {
  readonly version: number;
  readonly bigEndian: boolean;
  /** Of the program that recorded, which may differ from the kernel's. */
  readonly longSize: number;
  readonly pageSize: number;
  readonly compression: Compression;
  readonly cursor: Cursor;
}

function readPreamble(source: ByteSource): Preamble {
  const start = new Cursor(source, false);
  const magic = start.take(MAGIC.length, 'the mark at the start of a trace.dat');
  if (magic.some((byte, i) => byte !== MAGIC[i]))
    throw start.damage('the mark 17 08 44 "tracing" is missing', MAGIC.length);
  const versionText = start.string('the version');
  const version = Number(versionText);
  if (version !== 6 && version !== 7) {
    throw new InputError(
      `${source.path}: trace.dat of version ${JSON.stringify(versionText.slice(0, 20))}; versions 6 and 7 can be read. ` +
        `Convert it: trace-cmd convert -i ${source.path} -o converted.dat`,
    );
  }
  const endian = start.u8();
  if (endian > 1) throw start.damage(`the byte order should be 0 or 1, found ${endian}`, 1);
  const longSize = start.u8();
  const cursor = new Cursor(source, endian === 1, start.position);
  const pageSize = cursor.u32();
  checkPageSize(cursor, pageSize);
  let compression: Compression = 'none';
  if (version === 7) {
    const name = cursor.string('the name of the compression');
    cursor.string('the version of the compression');
    const known = COMPRESSIONS.find((candidate) => candidate === name);
    if (!known) {
      throw new InputError(
        `${source.path}: packed with ${JSON.stringify(name.slice(0, 20))}; none, zlib and zstd can be read. ` +
          `Convert it: trace-cmd convert --compression none -i ${source.path} -o converted.dat`,
      );
    }
    compression = known;
  }
  return { version, bigEndian: endian === 1, longSize, pageSize, compression, cursor };
}

/**
 * The size of a kernel long is that of `commit` in header_page, whatever the recording program used. A kernel before
 * 2.6.31 has no header_page, or event headers with 2-bit types.
 */
function longSizeOf(
  source: ByteSource,
  header: HeaderInfo | null,
  userLong: number,
  container: Container,
): number {
  if (header) {
    if (header.page.trim() === '' || /type\s*:\s*2 bits/.test(header.event)) {
      throw new InputError(
        `${source.path}: recorded by a kernel before 2.6.31, whose ring buffer has another format. ` +
          `Print it with the trace-cmd of that time and give the text instead.`,
      );
    }
    const commit = /\bcommit\s*;\s*offset:\s*\d+\s*;\s*size:\s*(\d+)/.exec(header.page);
    const size = Number(commit?.[1]);
    if (size === 4 || size === 8) return size;
  }
  const guess = userLong === 4 ? 4 : 8;
  container.note(
    'warning',
    'no-header-page',
    0,
    `the size of a kernel long is not said; taken as ${guess} bytes`,
  );
  return guess;
}

/** Drops CPU data that overlaps other CPU data or the start of the file, as no recorder writes it so. */
function withoutOverlaps(buffers: readonly BufferInfo[], container: Container): BufferInfo[] {
  const all = buffers.flatMap((buffer) => buffer.cpus.map((extent) => ({ buffer, extent })));
  const kept = new Set<CpuExtent>();
  all.sort((a, b) => a.extent.offset - b.extent.offset);
  let end = 0;
  for (const { buffer, extent } of all) {
    if (extent.size === 0) continue;
    if (extent.offset < end) {
      container.note(
        'error',
        'overlapping-data',
        extent.offset,
        `the data of CPU ${extent.cpu} of buffer "${buffer.name}" overlaps other data and was left out`,
      );
      continue;
    }
    end = extent.offset + extent.size;
    kept.add(extent);
  }
  return buffers.map((buffer) => ({ ...buffer, cpus: buffer.cpus.filter((extent) => kept.has(extent)) }));
}
