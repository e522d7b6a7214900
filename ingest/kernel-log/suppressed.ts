import { ascii, startsWith } from '../ascii.ts';

interface Rule {
  readonly ending: Uint8Array;
  readonly pattern: RegExp;
}

/** ___ratelimit() and ratelimit_state_exit() in lib/ratelimit.c; __printk_ratelimit() before v2.6.32. */
const RULES: readonly Rule[] = [
  { ending: ascii(' callbacks suppressed'), pattern: /^[\w.]+: (\d{1,18}) callbacks/ },
  { ending: ascii(' suppressed due to ratelimiting'), pattern: /^[\w.]+: (\d{1,18}) output lines/ },
  { ending: ascii(' messages suppressed.'), pattern: /^printk: (\d{1,18}) messages/ },
];
const LAST_BYTES = new Uint8Array(256);
for (const { ending } of RULES) LAST_BYTES[ending[ending.length - 1]] = 1;

/** Messages of these kinds are shorter. */
const LONGEST = 160;

/**
 * How many messages a rate limit left out, as the message `[start, end)` says; null when it is none of these. Nearly all others are
 * told by their last bytes.
 */
export function suppressedIn(bytes: Buffer, start: number, end: number): bigint | null {
  if (end <= start || LAST_BYTES[bytes[end - 1]] === 0 || end - start > LONGEST) return null;
  for (const { ending, pattern } of RULES) {
    if (end - ending.length < start || !startsWith(bytes, end - ending.length, end, ending)) continue;
    const match = pattern.exec(bytes.toString('latin1', start, end));
    if (match) return BigInt(match[1]);
  }
  return null;
}
