import type { Detection, Format, Probe } from '../format.ts';
import { decodeJsonLines, headerOf } from './json-lines.ts';
import { RecordError } from './writer.ts';

/** Looks for the header: a JSON object with `ats_events` as the first line that is no comment. */
function detect(probe: Probe): Detection {
  const text = Buffer.from(probe.head.subarray(0, 8192)).toString('utf8');
  const first = text.split('\n').find((line) => line.trim() !== '' && !/^\s*(#|\/\/)/.test(line)) ?? '';
  if (
    !first
      .trim()
      .replace(/^\uFEFF/, '')
      .startsWith('{')
  )
    return { confidence: 0, why: 'the first line is no JSON object' };
  let object: unknown;
  try {
    object = JSON.parse(first.trim().replace(/^\uFEFF/, ''));
  } catch {
    return { confidence: 0, why: 'the first line is no whole JSON object' };
  }
  try {
    if (headerOf(object as Record<string, unknown>))
      return { confidence: 99, why: 'the first line is {"ats_events": 1, ...}', detail: 'JSON Lines' };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { confidence: 60, why: `the header cannot be used: ${error.message}`, detail: 'JSON Lines' };
  }
  const fields = object as Record<string, unknown>;
  return 'event' in fields && 'time' in fields && 'function' in fields
    ? { confidence: 50, why: 'the first line has "time", "event" and "function", but there is no header' }
    : { confidence: 0, why: 'the first line has no "ats_events"' };
}

/** ATS event logs of simulators and test benches. See README.md. */
export const atsEvents: Format = {
  id: 'ats-events',
  title: 'ATS event log of a simulator or test bench (JSON Lines)',
  detect,
  async decode(source, out, options) {
    decodeJsonLines(source, out, options);
  },
};
