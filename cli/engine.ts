import { setFlagsFromString } from 'node:v8';

/**
 * Sets the engine for runs of a second or two on a machine whose cores are all busy: what V8 compiles in threads of its
 * own takes time from reading and judging. By itself it compiles a function anew after three times 67,584 bytes of
 * bytecode; with three times as many, a run of a second takes up to a tenth less of processor time, and what runs for longer
 * is compiled all the same, some milliseconds later. Threads that are started later are set too.
 */
export function settleEngine(): void {
  setFlagsFromString('--interrupt-budget=200000');
}
