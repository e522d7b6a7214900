import { COLON, latin1Of } from './bytes.ts';
import { type Head, LONGEST_CONTEXT } from './head.ts';

/** What stands before the name of the event; `-F` leaves parts out. */
const CONTEXT = String.raw`^ *(?:(\S.{0,31}?) +(-?\d{1,10})(?:\/(-?\d{1,10}))? +)?(?:\[(\d{1,5})\] +)?(?:[.a-zA-Z]\S{1,9} +)?(?:(\d{1,10}\.(?:\d{6}|\d{9})): +)?(?:\d+ +)?`;
const LINE = new RegExp(String.raw`${CONTEXT}([A-Za-z_][^\s:]*(?::[^\s:]+)*):(?=\s|$)`);
/** Place of a probe as perf prints it. */
const PROBE = /^ +\([0-9a-f]{8,16}(?: <- [0-9a-f]{8,16})?\)/;

/** Modifiers of a hardware event (`cycles:P`), which are no subsystem. */
const MODIFIER = /^[ukhGHpPSDWeIb]+$/;

/**
 * Reads a sample line of `perf script` (tools/perf/builtin-script.c, `perf_sample__fprintf_start` and
 * `process_event`): `comm [pid/]tid [cpu] secs.usecs: [period] sys:event: args`, with `--ns` nine decimals.
 * With `-F` the task, the CPU or the time may be missing. Returns false when it is no such line.
 */
export function parsePerfLine(buffer: Uint8Array, start: number, end: number, head: Head): boolean {
  const text = latin1Of(buffer, start, Math.min(end, start + LONGEST_CONTEXT));
  const match = LINE.exec(text);
  if (!match) return false;
  const [all, comm, pid, tid, cpu, time, event] = match;
  if (!isSample(match, text)) return false;
  head.clear(start);
  if (comm !== undefined) {
    head.commStart = start + all.indexOf(comm);
    head.commEnd = head.commStart + comm.length;
    head.pid = Number(tid ?? pid);
    head.tgid = tid === undefined ? -1 : Number(pid);
  }
  head.cpu = cpu === undefined ? -1 : Number(cpu);
  head.nameEnd = start + all.length - 1;
  head.nameStart = head.nameEnd - event.length;
  if (time !== undefined) {
    // The time ends at the colon before the name: nothing between holds another one.
    head.timeEnd = start + all.lastIndexOf(`${time}:`, head.nameStart - start) + time.length;
    head.timeStart = head.timeEnd - time.length;
  }
  const colon = event.indexOf(':');
  if (colon > 0 && !MODIFIER.test(event.slice(colon + 1))) {
    head.systemStart = head.nameStart;
    head.systemEnd = head.nameStart + colon;
    head.nameStart += colon + 1;
  } else if (colon > 0) head.nameEnd = head.nameStart + colon;
  let body = start + all.length;
  while (body < end && (buffer[body] === 32 || buffer[body] === COLON)) body++;
  head.bodyStart = body;
  return true;
}

/** Without task and time, only the place of a probe tells an event from other text. */
function isSample([all, comm, , , , time, event]: RegExpExecArray, text: string): boolean {
  if (event.startsWith('PERF_RECORD_')) return false;
  if (comm !== undefined && time !== undefined) return true;
  if (!event.includes(':')) return false;
  return time !== undefined || PROBE.test(text.slice(all.length));
}
