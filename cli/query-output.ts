import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { InputError } from '../ingest/input-error.ts';
import { isOutOfMemory } from '../queries/query-error.ts';
import { UsageError } from './exit-codes.ts';

/** What went wrong with a file, in words a person understands; null for what is no problem of files. */
export function fileProblem(error: unknown): string | null {
  const { code, message } = error as NodeJS.ErrnoException;
  const text = message ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT' || /No space left on device|Disk quota exceeded/i.test(text))
    return 'no space left on the device';
  if (code === 'EACCES' || code === 'EPERM' || /Permission denied/i.test(text))
    return 'no permission to write there';
  if (code === 'EROFS' || /Read-only file system/i.test(text)) return 'the file system is read-only';
  if (code === 'ENOENT' || /No such file or directory/i.test(text)) return 'the directory does not exist';
  if (
    code === 'ENOTDIR' ||
    code === 'EEXIST' ||
    code === 'EISDIR' ||
    /Not a directory|Is a directory/i.test(text)
  )
    return 'something else of that name is in the way';
  if (code === 'EFBIG' || /File too large/i.test(text)) return 'the file would be too large';
  return code === undefined ? null : text;
}

/** Where text and bytes of an answer go. */
export interface Output {
  write(piece: string | Uint8Array): Promise<void>;
}

/** Standard output; waits while a slow reader catches up. */
export const STDOUT: Output = {
  write: (piece) =>
    new Promise((resolve) => {
      if (process.stdout.write(piece)) resolve();
      else process.stdout.once('drain', resolve);
    }),
};

const pendingFiles = new Set<string>();

function remove(path: string): void {
  rmSync(path, { force: true, recursive: true });
  // The log that an engine keeps beside a database.
  rmSync(`${path}.wal`, { force: true });
  pendingFiles.delete(path);
}

/** Removes what is not complete; for a program that is about to end. */
export function removePending(): void {
  for (const path of [...pendingFiles]) remove(path);
}

/** Runs what writes to a path that must not stay: it goes away afterwards, and when the program is interrupted. */
export async function guardPending<T>(path: string, make: () => Promise<T>): Promise<T> {
  pendingFiles.add(path);
  try {
    return await make();
  } finally {
    remove(path);
  }
}

/**
 * Makes a file or directory whole or not at all: `make` gets a path beside it, which takes its place when `make` is done
 * and goes away when it fails.
 * @throws UsageError for an existing path without `force`, and for what the file system refuses.
 */
export async function writeWhole<T>(
  option: string,
  path: string,
  force: boolean,
  make: (beside: string) => Promise<T>,
): Promise<T> {
  if (existsSync(path) && !force)
    throw new UsageError(`${option} ${path}: exists already. Name another, or replace it with --force.`);
  const beside = `${path}.${process.pid}.part`;
  try {
    return await guardPending(beside, async () => {
      const result = await make(beside);
      if (existsSync(path)) rmSync(path, { recursive: true });
      renameSync(beside, path);
      return result;
    });
  } catch (error) {
    if (error instanceof UsageError || error instanceof InputError) throw error;
    if (isOutOfMemory((error as Error).message ?? '')) {
      throw new UsageError(
        `${option} ${path}: the database engine needs more memory than it may use. Nothing was left behind; allow more with --memory SIZE, e.g. 4GB.`,
      );
    }
    const problem = fileProblem(error);
    if (problem === null) throw error;
    throw new UsageError(
      `${option} ${path}: cannot write it (${problem}). Nothing was left behind; name another place.`,
    );
  }
}

/** Writes pieces to a file that does not exist yet. */
export class FileOutput implements Output {
  private readonly fd: number;

  constructor(path: string) {
    this.fd = openSync(path, 'wx');
  }

  async write(piece: string | Uint8Array): Promise<void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
  }

  close(): void {
    closeSync(this.fd);
  }
}
