import { setFlagsFromString } from 'node:v8';
import { startThreads } from './threads.ts';
import { compileZstd } from './zstd.mjs';

/**
 * Starts what reading a large file packed with zstd takes: threads, and the decoder compiled at its best right away.
 * For the time in which the program itself is being loaded, on one core. To be called once.
 */
export async function getReadyForZstd(): Promise<void> {
  startThreads();
  // The engine would begin with code that is made fast and runs slowly, and the symbols come first: 9 MB in one call,
  // during which nothing is exchanged.
  setFlagsFromString('--no-liftoff');
  try {
    await compileZstd();
  } finally {
    setFlagsFromString('--liftoff');
  }
}
