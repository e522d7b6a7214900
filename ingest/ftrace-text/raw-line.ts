import { latin1Of } from './bytes.ts';
import { type Head, LONGEST_CONTEXT } from './head.ts';

export type RawKind = 'raw' | 'hex' | null;

const RAW = /^(\d{1,10}) (\d{1,5}) (\d{1,20}) (type: \d+|[0-9a-f]{8,16} [0-9a-f]{8,16})$/;
const HEX = /^([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{16}) (type: \d+|[0-9a-f]{16} [0-9a-f]{16}) ?$/;

/**
 * Reads a line of the options `raw` (`50 0 5674903694 type: 469`) and `hex` (`00000032 00000000 000000015240288e type: 469`):
 * task, CPU, time in nanoseconds and, for a trace event, the number of its type. Follows `print_raw_fmt`,
 * `print_hex_fmt` (kernel/trace/trace.c) and `trace_nop_print`. Names and arguments are not printed at all.
 */
export function parseRawLine(buffer: Uint8Array, start: number, end: number, head: Head): RawKind {
  const text = latin1Of(buffer, start, Math.min(end, start + LONGEST_CONTEXT));
  const raw = RAW.exec(text);
  const match = raw ?? HEX.exec(text);
  if (!match) return null;
  const base = raw ? '' : '0x';
  head.clear(start);
  head.pid = Number(base + match[1]) | 0;
  head.cpu = Number(base + match[2]);
  head.setTime(BigInt(base + match[3]), 9);
  head.nameStart = start + match[0].length - match[4].length;
  head.nameEnd = start + match[0].length;
  head.bodyStart = end;
  return raw ? 'raw' : 'hex';
}
