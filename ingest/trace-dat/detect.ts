import type { Detection, Probe } from '../format.ts';

/** 17 08 44 "tracing": the first bytes of every trace.dat. */
export const MAGIC: readonly number[] = [0x17, 0x08, 0x44, 0x74, 0x72, 0x61, 0x63, 0x69, 0x6e, 0x67];

/** Looks for the mark of trace-cmd and says the version that follows it. */
export function detect(probe: Probe): Detection {
  const { head } = probe;
  if (head.length < MAGIC.length || MAGIC.some((byte, i) => head[i] !== byte)) {
    return { confidence: 0, why: 'does not begin with the bytes 17 08 44 "tracing" of a trace.dat' };
  }
  const end = head.indexOf(0, MAGIC.length);
  const version =
    end > 0 ? String.fromCharCode(...head.subarray(MAGIC.length, Math.min(end, MAGIC.length + 8))) : '?';
  return {
    confidence: 100,
    why: `begins with the bytes 17 08 44 "tracing" and version ${version}`,
    detail: `trace-cmd trace.dat, version ${version}`,
  };
}
