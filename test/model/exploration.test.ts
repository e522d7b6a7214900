import { describe, expect, it } from 'vitest';
import { PROFILES } from '../../model/features.ts';
import { MACHINE_TRANSITIONS } from '../../model/reference-machine.ts';
import { disagreement, sequences, wrongAtRandom } from '../support/exploration.ts';

/** ATSCOPE_DEPTH=4 npm test -- test/model/exploration explores further. */
const DEPTH = Number(process.env.ATSCOPE_DEPTH ?? 2);

describe('every sequence of calls agrees with the kernel written down a second time', () => {
  for (const profile of PROFILES) {
    for (const prints of [false, true]) {
      it(`${profile.id}, ${prints ? 'with' : 'without'} printed state, depth ${DEPTH}`, () => {
        for (const sequence of sequences(DEPTH)) {
          const wrong = disagreement(profile, sequence, prints);
          if (wrong) expect.fail(`${sequence.map(([name]) => name).join(', ')}: ${wrong}`);
        }
      }, 600_000);
    }
  }

  it('longer stories, taken at random from a fixed seed', () => {
    expect(wrongAtRandom(400)).toBeNull();
  });
});

describe('the reference machine is what the code does', () => {
  it('has no two transitions for one event in one state', () => {
    const keys = MACHINE_TRANSITIONS.map(({ kind, from, event }) => `${kind} ${from} ${event}`);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
