/** How a simpletrace file begins: three 64-bit words in the byte order of the host that wrote it. */
export interface SimpleHeader {
  readonly version: number;
  readonly littleEndian: boolean;
}

export const SIMPLE_HEADER_BYTES = 24;
const MAGIC = 0xf2b177cb0aa429b4n;
const HEADER_ID = 0xffffffffffffffffn;

/** Reads the header (scripts/simpletrace.py read_trace_header); null where there is none. */
export function readSimpleHeader(head: Uint8Array): SimpleHeader | null {
  if (head.length < SIMPLE_HEADER_BYTES) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getBigUint64(0, true) !== HEADER_ID) return null;
  for (const littleEndian of [true, false]) {
    if (view.getBigUint64(8, littleEndian) === MAGIC) {
      return { version: Number(view.getBigUint64(16, littleEndian)), littleEndian };
    }
  }
  return null;
}
