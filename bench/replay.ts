// How many model events a second the replay takes, on one core, with 16 PFs and 4,096 functions. Run with: npm run bench -- replay
import { pairCalls } from '../model/calls.ts';
import { clearDraft, EventColumns, newDraft } from '../model/event-columns.ts';
import { ENTER, type EventKindName, KIND, RETURN } from '../model/events.ts';
import { chooseProfile, Features } from '../model/features.ts';
import { mergeSources } from '../model/order.ts';
import { Replay } from '../model/replay/replay.ts';

const PFS = 16;
const VFS_PER_PF = 255;
const EVENTS = Number(process.argv[2] ?? 2_000_000);

/** A story of VFs that are enabled and disabled over and over. */
function story(count: number): EventColumns {
  const events = new EventColumns();
  const draft = newDraft();
  let seq = 0;
  const emit = (
    kind: EventKindName,
    phase: number,
    device: number,
    isVf: number,
    values: Partial<typeof draft>,
  ) => {
    clearDraft(draft);
    Object.assign(draft, values);
    draft.kind = KIND[kind];
    draft.phase = phase;
    draft.symbol = KIND[kind];
    draft.device = device;
    draft.isVf = isVf;
    draft.pid = 100;
    draft.cpu = 0;
    draft.source = 0;
    draft.seq = seq;
    draft.timed = 1;
    draft.timeLo = (seq * 1000) >>> 0;
    draft.timeHi = Math.floor((seq * 1000) / 4294967296);
    draft.length = 100;
    draft.line = seq;
    seq++;
    events.add(draft);
  };
  // Symbols are ids in the pool of names: intern as many as there are kinds.
  for (let kind = 0; kind < Object.keys(KIND).length; kind++) events.names.internString(`kind-${kind}`);
  const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
  const vfs: number[] = [];
  for (let pf = 0; pf < PFS; pf++) {
    const pfName = events.names.internString(`0000:${hex(pf * 2, 2)}:00.0`);
    emit('device.add', ENTER, pfName, 0, {});
    emit('ats.prepare', ENTER, pfName, 0, { pageShift: 12 });
    emit('ats.prepare', RETURN, pfName, 0, { pageShift: 12, result: 0 });
    for (let vf = 1; vf <= VFS_PER_PF; vf++) {
      const name = events.names.internString(
        `0000:${hex(pf * 2 + (vf >> 8), 2)}:${hex((vf >> 3) & 31, 2)}.${vf & 7}`,
      );
      vfs.push(name);
      emit('vf.add', ENTER, pfName, 0, { index: vf - 1 });
      emit('device.add', ENTER, name, 1, {});
      emit('vf.add', RETURN, pfName, 0, { result: 0 });
    }
  }
  for (let i = 0; seq < count; i++) {
    const vf = vfs[i % vfs.length];
    emit('ats.supported', RETURN, vf, 1, { result: 1, enabled: 0, cap: 0x100 });
    emit('ats.enable', ENTER, vf, 1, { pageShift: 12, enabled: 0, cap: 0x100 });
    emit('ats.enable', RETURN, vf, 1, { pageShift: 12, result: 0, enabled: 1, cap: 0x100 });
    emit('ats.disable', ENTER, vf, 1, { enabled: 1, cap: 0x100 });
    emit('ats.disable', RETURN, vf, 1, { enabled: 0, cap: 0x100 });
  }
  return events;
}

const events = story(EVENTS);
const clock = {
  source: 0,
  relation: 'reference',
  offsetNs: 0n,
  residualNs: 0n,
  matches: 0,
  method: '',
} as const;
const rate = (since: number) =>
  `${(events.length / (performance.now() - since) / 1000).toFixed(2)} M events/s`;

let from = performance.now();
const order = mergeSources(events, [clock]);
console.log(`order   ${rate(from)}`);
from = performance.now();
const calls = pairCalls(events, order.rows);
console.log(`pair    ${rate(from)}`);
from = performance.now();
const replay = new Replay({
  events,
  order,
  calls,
  features: new Features(chooseProfile('6.12.107'), false),
  imageAddress: null,
});
const result = replay.run();
console.log(
  `replay  ${rate(from)}   ${events.length} events, ${result.topology.functions.length} functions, ${result.collector.finish(result.topology).length} findings`,
);
console.log(`memory  ${Math.round(process.memoryUsage.rss() / 1048576)} MiB RSS`);
