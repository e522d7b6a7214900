import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const LIMIT = 1000;

/** Where lines that were typed are kept. */
export function historyPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'atscope', 'history');
}

/** Lines typed before, the latest first, as `readline` wants them; none where there is no file. */
export function loadHistory(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean).reverse();
  } catch {
    return [];
  }
}

/** Keeps the latest lines, for this user only. A history that cannot be kept is no reason to complain. */
export function saveHistory(path: string, latestFirst: readonly string[]): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const lines = latestFirst.slice(0, LIMIT).reverse();
    writeFileSync(path, lines.map((line) => `${line.replaceAll('\n', ' ')}\n`).join(''), { mode: 0o600 });
  } catch {
    // The next session begins without it.
  }
}
