import type { Calls } from '../calls.ts';
import { KIND } from '../events.ts';
import type { Topology } from '../topology.ts';
import type { RuleBench } from './bench.ts';

/** ATS090 and ATS091: what this recording cannot show. */
export function noteWhatIsMissing(bench: RuleBench, topology: Topology, calls: Calls, pauses: number): void {
  const { functions } = topology;
  for (const vf of functions.filter((fn) => fn.isVf === 1 && fn.pf < 0)) {
    bench.fire('ATS091', {
      fn: vf.fn,
      event: vf.lastEvent,
      message: `The PF of VF ${vf.address} is not named by the recording; what depends on the PF was not judged.`,
      expected: 'The PF of every VF is known.',
      observed: 'No pci_iov_add_virtfn() around the appearance of the VF.',
      evidence: [{ role: 'the VF', event: vf.firstEvent }],
    });
  }
  const parts = incompleteness(topology, calls, bench.recorded.kindCounts[KIND.loss], pauses);
  if (parts.length === 0) return;
  bench.fire('ATS090', {
    fn: null,
    event: -1,
    message: `The recording is not complete: ${parts.join('; ')}.`,
    expected: 'A recording from before the functions appear, without loss.',
    observed: parts.join('; '),
    evidence: [],
  });
}

function incompleteness(topology: Topology, calls: Calls, losses: number, pauses: number): string[] {
  const { functions } = topology;
  const late = functions.filter((fn) => !fn.startSeen).length;
  const unfinished = callsWithoutAnEnd(calls);
  return [
    ...(late > 0
      ? [
          `${late} of ${functions.length} function generations were there before the recording (or appeared unseen): their first state is unknown`,
        ]
      : []),
    ...(unfinished > 0
      ? [`${unfinished} call${unfinished === 1 ? ' lacks its' : 's lack their'} entry or return`]
      : []),
    ...(losses > 0 ? [`events were lost in ${losses} place${losses === 1 ? '' : 's'}`] : []),
    ...(pauses > 0
      ? [`what happened between ${pauses === 1 ? 'two traces' : `${pauses + 1} traces`} is not recorded`]
      : []),
  ];
}

/** An end is missing only where the recording shows such ends at all. */
function callsWithoutAnEnd(calls: Calls): number {
  let noReturn = 0;
  /** By symbol. */
  const noEntry = new Map<number, number>();
  for (let call = 0; call < calls.length; call++) {
    if (calls.exit[call] < 0) noReturn += calls.entryOnly[call] ? 0 : 1;
    else if (calls.enter[call] < 0)
      noEntry.set(calls.symbol[call], (noEntry.get(calls.symbol[call]) ?? 0) + 1);
  }
  if (noEntry.size === 0) return noReturn;
  const entered = new Set<number>();
  for (let call = 0; call < calls.length; call++) if (calls.enter[call] >= 0) entered.add(calls.symbol[call]);
  let count = noReturn;
  for (const [symbol, times] of noEntry) if (entered.has(symbol)) count += times;
  return count;
}
