import { BACKSLASH, BRACE, LF, QUOTE } from '../ascii.ts';
import type { ByteSource } from '../source.ts';

/** Where an innermost object of a JSON text stands. `text` is valid during the call. */
export interface JsonObject {
  readonly text: Buffer;
  readonly offset: number;
  readonly line: number;
}

export interface JsonScan {
  /** Bytes of objects that were cut or too long. */
  damaged: number;
  /** Bytes between the objects: brackets, commas, the names of outer objects. */
  between: number;
}

const CLOSE_BRACE = 0x7d;
/** An object longer than this is not kept. */
const MAX_OBJECT = 8 << 20;

/**
 * Hands over every object that holds no other object, however the text is laid out. A line end inside a string, which JSON does
 * not allow, shows damage: the object is given up and reading goes on.
 */
export function scanJsonObjects(
  source: ByteSource,
  chunkSize: number,
  onObject: (object: JsonObject) => void,
  progress?: (bytes: number) => void,
): JsonScan {
  const scan: JsonScan = { damaged: 0, between: 0 };
  const chunk = Buffer.alloc(chunkSize);
  let text = Buffer.alloc(4096);
  let length = -1;
  let begin = { offset: 0, line: 1 };
  let line = 1;
  let inString = false;
  let escaped = false;

  const giveUp = () => {
    if (length > 0) scan.damaged += length;
    length = -1;
  };
  const keep = (byte: number) => {
    if (length === text.length) text = Buffer.concat([text], text.length * 2);
    text[length++] = byte;
    if (length > MAX_OBJECT) giveUp();
  };

  for (let base = 0; ; ) {
    const got = source.read(base, chunk);
    if (got === 0) break;
    for (let i = 0; i < got; i++) {
      const byte = chunk[i];
      if (byte === LF) {
        line++;
        if (inString) giveUp();
        inString = false;
        escaped = false;
      } else if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === BRACE) {
        // What was kept so far was the head of an outer object.
        if (length > 0) scan.between += length;
        length = 0;
        begin = { offset: base + i, line };
      }
      if (length < 0) scan.between++;
      else keep(byte);
      if (byte === CLOSE_BRACE && !inString && length >= 0) {
        onObject({ text: text.subarray(0, length), ...begin });
        length = -1;
      }
    }
    base += got;
    progress?.(base);
  }
  giveUp();
  return scan;
}
