import type { Detection, Probe } from '../format.ts';
import { cleanLine, readLine } from './line.ts';

const MAX_LINES = 500;
const LONGEST = 512;
/** What a function's first line has behind the address: a class and a device. */
const CLASS_AND_DEVICE = /^\S.{0,200}?: \S/;
const NOTHING = 'no line has the shape "bb:dd.f Class: Device"';

/** Looks for functions as lspci prints them and for lines below them. */
export function detect(probe: Probe): Detection {
  const { head } = probe;
  if (head.subarray(0, 512).includes(0)) {
    return { confidence: 0, why: 'has NUL bytes near its start, which no listing has' };
  }
  const lines = Buffer.from(head).toString('latin1').split(/\r?\n/, MAX_LINES);
  if (head.length < probe.size && lines.length < MAX_LINES) lines.pop();
  let functions = 0;
  let below = 0;
  let details = 0;
  let hex = 0;
  let others = 0;
  for (const raw of lines) {
    const line = readLine(cleanLine(raw.slice(0, LONGEST)));
    if (line.kind === 'function' && CLASS_AND_DEVICE.test(line.rest)) functions++;
    else if (line.kind === 'hex') hex++;
    else if (line.kind === 'indented' && functions > 0) {
      below++;
      if (line.known) details++;
    } else if (line.kind === 'other' || line.kind === 'indented' || line.kind === 'function') others++;
  }
  if (functions === 0) return { confidence: 0, why: NOTHING };
  const share = (functions + below + hex) / (functions + below + hex + others);
  const why = `${functions} functions with ${below + hex} lines below them, ${others} other lines`;
  const detail = hex > 0 ? 'with hex dumps' : details > 0 ? 'with capabilities' : 'short';
  return { confidence: confidenceOf(share, details + hex > 0), why, detail };
}

function confidenceOf(share: number, hasDetails: boolean): number {
  if (share >= 0.9) return hasDetails ? 97 : 85;
  if (share >= 0.5) return hasDetails ? 80 : 50;
  // Logs and mails quote a few functions.
  return share >= 0.2 && hasDetails ? 30 : 5;
}
