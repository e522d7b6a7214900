import type { Detection, Probe } from '../format.ts';
import { readSimpleHeader } from './simple-header.ts';
import { sampleOf } from './sniff.ts';

/** Looks for the magic of a binary trace, then for lines of the log backend. */
export function detect(probe: Probe): Detection {
  const simple = readSimpleHeader(probe.head);
  if (simple) {
    const detail = `simpletrace version ${simple.version}`;
    return { confidence: 99, why: `begins with the magic of a ${detail} file`, detail };
  }
  if (probe.head.subarray(0, 512).includes(0)) {
    return { confidence: 0, why: 'has NUL bytes near its start and not the magic of simpletrace' };
  }
  const { lines, stamped, bare, accesses } = sampleOf(probe.head);
  if (lines === 0) return { confidence: 0, why: 'has no complete line' };
  if (stamped > 0) {
    const why = `${stamped} of the first ${lines} lines have the shape "time event_name arguments", ${accesses} are config accesses`;
    // A guest that talks much on the same terminal does not make it less of a trace.
    if (accesses > 0) return { confidence: stamped * 10 >= lines ? 95 : 75, why, detail: 'log' };
    return { confidence: stamped * 2 >= lines ? 85 : stamped * 10 >= lines ? 45 : 10, why, detail: 'log' };
  }
  if (bare === 0) return { confidence: 0, why: 'no line has the shape "time event_name arguments"' };
  const why = `${bare} of the first ${lines} lines begin with the name of a QEMU event, have values and no time, ${accesses} are config accesses`;
  if (accesses > 0) return { confidence: bare * 10 >= lines ? 92 : 60, why, detail: 'log without times' };
  return { confidence: bare * 2 > lines ? 60 : 10, why, detail: 'log without times' };
}
