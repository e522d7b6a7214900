import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './exit-codes.ts';

/**
 * Writes files into a directory, which is made when it is missing. Every file is written beside its place first and
 * moved there when all are complete, so that a full disk or an interruption leaves no half file.
 * @throws UsageError that names the directory and what to do.
 */
export function writeFiles(directory: string, files: ReadonlyMap<string, string>): string[] {
  const pending: string[] = [];
  try {
    mkdirSync(directory, { recursive: true });
    for (const [name, text] of files) {
      const beside = join(directory, `.${name}.${process.pid}.part`);
      pending.push(beside);
      writeFileSync(beside, text);
    }
    const paths = [...files.keys()].map((name) => join(directory, name));
    paths.forEach((path, i) => {
      renameSync(pending[i], path);
    });
    return paths;
  } catch (error) {
    for (const path of pending) rmSync(path, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOSPC'
        ? 'no space left on the device'
        : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
          ? 'no permission to write there'
          : code === 'ENOTDIR' || code === 'EEXIST'
            ? 'a file of that name is in the way'
            : message;
    throw new UsageError(`--out ${directory}: cannot write the reports (${why}). Name another directory.`);
  }
}
