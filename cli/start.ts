import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { settleEngine } from './engine.ts';

/** The start of a trace.dat of version 7: mark, version, byte order, size of a long, of a page, compression. */
const PACKED_WITH_ZSTD = /^\x17\x08Dtracing7\0[\0\x01][\x04\x08][\s\S]{4}zstd\0/;
/** Smaller files are read before a thread has started. */
const WORTH_IT = 4 * 1024 * 1024;

/** Whether a word of the command line names a large trace.dat that is packed with zstd. Pipes are left alone. */
function isPacked(word: string): boolean {
  const stat = statSync(word, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size < WORTH_IT) return false;
  const file = openSync(word, 'r');
  try {
    const head = Buffer.alloc(64);
    return PACKED_WITH_ZSTD.test(head.toString('latin1', 0, readSync(file, head, 0, head.length, 0)));
  } finally {
    closeSync(file);
  }
}

/** Gets ready for the inputs while the program is loaded. What cannot be found out here is told when inputs are read. */
async function getReady(words: readonly string[]): Promise<void> {
  try {
    if (!words.some(isPacked)) return;
    await (await import('../ingest/trace-dat/ready.ts')).getReadyForZstd();
  } catch {
    // Reading says what is wrong.
  }
}

settleEngine();
void getReady(process.argv.slice(3));
await import('./main.ts');
