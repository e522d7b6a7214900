import { describe, expect, test } from 'vitest';
import { UNKNOWN } from '../../model/events.ts';
import { InvalidationRequests } from '../../model/replay/requests.ts';
import type { FunctionRecord } from '../../model/topology.ts';

type Step = readonly [what: 'request' | 'completion' | 'reset', at: number | null, tag?: number, fn?: number];

const SECOND = 1e9;

/** What is said of requests: `at` is in ns, `null` for an event without a time; `end` is the time of the last event. */
function judged(steps: readonly Step[], end: number | null, completionsRecorded = true): string[] {
  const times = [...steps.map(([, at]) => at), end];
  const said: string[] = [];
  let subject = -1;
  const bench = {
    wasRecorded: () => completionsRecorded,
    about: (fn: FunctionRecord, run: () => void) => {
      subject = fn.fn;
      run();
    },
    decided: (rule: string) => said.push(`${rule} decided`),
    left: (_rule: string, why: string) => said.push(`${subject}: ${why}`),
    fire: (
      _rule: string,
      found: { fn: number; event: number; since: number; observed: string; evidence: { event: number }[] },
    ) =>
      said.push(
        `${found.fn}: ${found.observed} [${found.since} ${found.event}: ${found.evidence.map((one) => one.event)}]`,
      ),
  };
  const events = { value: steps.map(([, , tag]) => tag ?? UNKNOWN) };
  const order = { time: times.map((at) => BigInt(at ?? 0)), timed: times.map((at) => (at === null ? 0 : 1)) };
  const requests = new InvalidationRequests(events as never, order as never, bench as never);
  steps.forEach(([what, , , fn], row) => {
    if (what === 'reset') requests.reset(functions[fn ?? 0]);
    else requests[what](functions[fn ?? 0], row);
  });
  requests.finish(end === null ? -1 : steps.length);
  return said;
}

const functions = [0, 1].map((fn) => ({ fn, address: `0000:01:00.${fn}` }) as FunctionRecord);
const TOO_EARLY = '0: the log ends before the request can be said to be lost';
const NOT_RECORDED = '0: completions are not recorded';

describe('an invalidation request', () => {
  test('that is answered is done', () => {
    expect(
      judged(
        [
          ['request', 0, 3],
          ['completion', 5, 3],
        ],
        1000 * SECOND,
      ),
    ).toEqual(['ATS042 decided']);
    expect(
      judged(
        [
          ['request', 0],
          ['completion', 5],
        ],
        1000 * SECOND,
      ),
    ).toEqual(['ATS042 decided']);
  });

  test('is answered by its own function and under its own tag', () => {
    const lost = [expect.stringMatching(/^0: No completion in/)];
    expect(
      judged(
        [
          ['request', 0, 3],
          ['completion', 5, 4],
        ],
        91 * SECOND,
      ),
    ).toEqual(lost);
    expect(
      judged(
        [
          ['request', 0, 3],
          ['completion', 5, 3, 1],
        ],
        91 * SECOND,
      ),
    ).toEqual(lost);
  });

  test('is lost after a minute and a half, and before that not yet', () => {
    expect(judged([['request', 0, 3]], 90 * SECOND)).toEqual([
      '0: No completion in 90000000000 ns. [0 0: 0]',
    ]);
    expect(judged([['request', 0, 3]], 90 * SECOND - 1)).toEqual([TOO_EARLY]);
  });

  test('is lost after ten times as long as the slowest that was answered', () => {
    const answered: Step[] = [
      ['request', 0, 1],
      ['completion', 20, 1],
      ['request', 30, 2],
      ['completion', 40, 2],
      ['request', 100, 3],
    ];
    expect(judged(answered, 300)).toEqual(['ATS042 decided', 'ATS042 decided', TOO_EARLY]);
    expect(judged(answered, 301)).toEqual([
      'ATS042 decided',
      'ATS042 decided',
      '0: No completion in 201 ns; the slowest other one took 20 ns. [4 4: 4]',
    ]);
    const slower: Step[] = [...answered.slice(2, 4), ...answered.slice(0, 2), ['request', 100, 3]];
    expect(judged(slower, 300)).toEqual(['ATS042 decided', 'ATS042 decided', TOO_EARLY]);
  });

  test('whose answer has no time tells nothing of how long answers take', () => {
    const steps: Step[] = [
      ['request', 0, 1],
      ['completion', null, 1],
      ['request', 10, 2],
    ];
    expect(judged(steps, 30)).toEqual(['ATS042 decided', TOO_EARLY]);
    const untimed: Step[] = [
      ['request', null, 1],
      ['completion', 0, 1],
      ['request', 10, 2],
    ];
    expect(judged(untimed, 30)).toEqual(['ATS042 decided', TOO_EARLY]);
  });

  test('is not judged where nothing has a time, or where completions are not recorded', () => {
    expect(judged([['request', null, 3]], null)).toEqual([NOT_RECORDED]);
    expect(judged([['request', null, 3]], 91 * SECOND)).toEqual([NOT_RECORDED]);
    expect(judged([['request', 0, 3]], 91 * SECOND, false)).toEqual([NOT_RECORDED]);
  });

  test('is lost when its tag is used again, where completions are recorded', () => {
    const again: Step[] = [
      ['request', 0, 3],
      ['request', 10, 3],
    ];
    expect(judged(again, 20)).toEqual([
      '0: Its tag was used again before a completion. [0 1: 0,1]',
      TOO_EARLY,
    ]);
    expect(judged(again, 20, false)).toEqual([NOT_RECORDED]);
  });

  test('without a tag may wait beside others, and they are answered in turn', () => {
    const two: Step[] = [
      ['request', 0],
      ['request', 10],
      ['completion', 15],
    ];
    expect(judged(two, 20)).toEqual(['ATS042 decided', TOO_EARLY]);
    expect(judged([...two, ['completion', 18]], 91 * SECOND)).toEqual(['ATS042 decided', 'ATS042 decided']);
  });

  test('ends with a reset of its function', () => {
    const reset = (fn: number): Step[] => [
      ['request', 0, 3],
      ['request', 5, 4],
      ['reset', 10, undefined, fn],
    ];
    expect(judged(reset(0), 91 * SECOND)).toEqual([]);
    expect(judged(reset(1), 91 * SECOND)).toHaveLength(2);
    const answered: Step[] = [
      ['request', 0, 3],
      ['completion', 1, 3],
      ['reset', 2],
      ['request', 3, 3],
    ];
    expect(judged(answered, 91 * SECOND)).toHaveLength(2);
  });
});
