import { InputError } from './input-error.ts';
import type { SourceRecording } from './recording.ts';

const TRACES: ReadonlySet<string> = new Set(['ftrace-text', 'trace-dat']);

/**
 * Refuses traces of several machines given as one recording. A guest numbers its buses on its own: the same address is
 * another device there, and no state may be carried from one to the other. trace-cmd writes into the trace of a host which
 * guests it recorded, and into that of a guest which host (tracecmd/trace-record.c); traces of kernels with different
 * releases are not of one boot either.
 * @throws InputError
 */
export function refuseSeveralMachines(sources: readonly SourceRecording[]): void {
  const traces = sources.filter((source) => TRACES.has(source.format) && source.records > 0);
  traces.forEach((one, i) => {
    for (const other of traces.slice(i + 1)) {
      const why = whyApart(one, other);
      if (why === null) continue;
      throw new InputError(
        `${one.path}, ${other.path}: expected traces of one machine and one boot, but ${why}. The same address may be another device in each: give them one at a time (atscope diff compares two).`,
      );
    }
  });
}

function whyApart(one: SourceRecording, other: SourceRecording): string | null {
  if (names(one, other) || names(other, one)) return 'they are of a host and its guest';
  const isSameRecording = one.traceId === null || one.traceId === other.traceId;
  if (!isSameRecording && one.peers.some((peer) => other.peers.includes(peer)))
    return 'they are of two guests of one host';
  const [a, b] = [one.kernelRelease, other.kernelRelease];
  return a !== null && b !== null && a !== b ? `their kernels are ${a} and ${b}` : null;
}

/** A recording says of another one that it was made beside it, on the other side of a hypervisor. */
function names(one: SourceRecording, other: SourceRecording): boolean {
  return other.traceId !== null && one.peers.includes(other.traceId);
}
