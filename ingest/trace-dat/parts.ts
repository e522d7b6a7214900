import type { ByteSource } from '../source.ts';
import type { ByteMap } from './byte-map.ts';
import type { Compression, Unpack } from './compression.ts';
import type { Cursor } from './cursor.ts';
import type { HeaderInfo } from './metadata.ts';
import type { OptionSet } from './options.ts';
import type { BufferInfo, FormatFile } from './trace-file.ts';

/** What both versions of the container fill in. */
export interface Parts {
  header: HeaderInfo | null;
  readonly formats: FormatFile[];
  kallsyms: Uint8Array | null;
  printkFormats: Uint8Array | null;
  cmdlines: Uint8Array | null;
  readonly buffers: BufferInfo[];
  readonly texts: { name: string; offset: number; size: number }[];
  options: OptionSet;
}

/** What the readers of both versions get. */
export interface Container {
  readonly source: ByteSource;
  readonly bigEndian: boolean;
  readonly pageSize: number;
  readonly compression: Compression;
  readonly unpack: Unpack;
  readonly map: ByteMap;
  note(severity: 'info' | 'warning' | 'error', code: string, offset: number, message: string): void;
  /** The file ends before its data does. */
  cut(): void;
}

/** Sub-buffers are a page up to some MiB; anything else is damage. */
const MAX_PAGE = 16 * 1024 * 1024;

/** @throws Damage */
export function checkPageSize(cursor: Cursor, pageSize: number): void {
  if (pageSize < 64 || pageSize > MAX_PAGE || pageSize % 4 !== 0) {
    throw cursor.damage(`a page size of ${pageSize} bytes makes no sense`, 4);
  }
}
