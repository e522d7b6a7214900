import { workerData } from 'node:worker_threads';
import { NameTable } from './name-table.ts';
import { Scanner, ScanResult } from './scanner.ts';
import { DONE, type SharedSlots, SlotStates } from './slots.ts';

/** Scans blocks beside the thread that reads them, until that one says it is done. */
function run(shared: SharedSlots): void {
  const states = new SlotStates(shared.control);
  const scanner = new Scanner(new NameTable(shared.names));
  const buffers = shared.blocks.map((block) => Buffer.from(block));
  const results = shared.results.map((result) => new ScanResult(result));
  let next = 0;
  while (!states.quit) {
    const { bell } = states;
    let took = false;
    for (let i = 0; i < buffers.length && !took; i++) {
      const slot = (next + i) % buffers.length;
      if (!states.take(slot)) continue;
      took = true;
      scanner.scan(buffers[slot], 0, states.size(slot), false, results[slot]);
      states.set(slot, DONE);
      next = slot + 1;
    }
    if (!took) states.waitRing(bell);
  }
}

run(workerData as SharedSlots);
