import { UNKNOWN } from '../../model/events.ts';
import { PROFILES, type Profile } from '../../model/features.ts';
import { CORE_EN, CORE_STU, HW_EN } from '../../model/state.ts';
import { KernelOracle, NO_ATS, PF, replayOracle, VF1, VF2 } from './kernel-oracle.ts';

export type Step = readonly [name: string, run: (kernel: KernelOracle) => void];

export const STEPS: readonly Step[] = [
  ...[PF, VF1].flatMap((fn): Step[] => [
    [`prepare(${fn}, 12)`, (k) => k.prepare(fn, 12)],
    [`prepare(${fn}, 13)`, (k) => k.prepare(fn, 13)],
    [`enable(${fn}, 12)`, (k) => k.enable(fn, 12)],
    [`enable(${fn}, 13)`, (k) => k.enable(fn, 13)],
    [`disable(${fn})`, (k) => k.disable(fn)],
  ]),
  [`supported(${VF1})`, (k) => k.supported(VF1)],
  [`supported(${PF})`, (k) => k.supported(PF)],
  [`enable(${VF2}, 12)`, (k) => k.enable(VF2, 12)],
  [`disable(${VF2})`, (k) => k.disable(VF2)],
  [`prepare(${PF}, 11)`, (k) => k.prepare(PF, 11)],
  [`quirk(${PF})`, (k) => k.quirk(PF)],
  [`reset(${PF})`, (k) => k.reset(PF)],
  [`reset(${VF1})`, (k) => k.reset(VF1)],
  [`replace(${VF1})`, (k) => k.replace(VF1)],
  [`pasid(${PF}, on)`, (k) => k.pasid(PF, true)],
  [`pasid(${PF}, off)`, (k) => k.pasid(PF, false)],
  [`prepare(${NO_ATS}, 12)`, (k) => k.prepare(NO_ATS, 12)],
  [`enable(${NO_ATS}, 12)`, (k) => k.enable(NO_ATS, 12)],
  [`disable(${NO_ATS})`, (k) => k.disable(NO_ATS)],
];

/** The rules whose findings the oracle predicts. */
const PREDICTED = new Set(['ATS003', 'ATS004', 'ATS006', 'ATS009', 'ATS013', 'ATS014', 'ATS015']);

/** Runs one sequence and returns what is wrong with the replay of it, or null. */
export function disagreement(profile: Profile, sequence: readonly Step[], prints: boolean): string | null {
  const kernel = new KernelOracle(profile, prints);
  for (const [, run] of sequence) run(kernel);
  const replay = replayOracle(kernel.events, profile);
  const state = replay.state;
  for (const device of kernel.devices.values()) {
    const fn = replay.topology.find(device.address);
    if (!fn) return `${device.address} is unknown`;
    if (state.get(fn.fn, CORE_EN) !== (device.en ? 1 : 0))
      return `core.en of ${device.address} is ${state.get(fn.fn, CORE_EN)}`;
    if (!device.pf && state.get(fn.fn, CORE_STU) !== device.stu)
      return `core.stu of ${device.address} is ${state.get(fn.fn, CORE_STU)}`;
    const hw = state.get(fn.fn, HW_EN);
    if (hw !== UNKNOWN && hw !== (device.hwEn ? 1 : 0)) return `hw.en of ${device.address} is ${hw}`;
  }
  const findings = replay.collector.finish(replay.topology);
  const found = findings
    .filter((finding) => PREDICTED.has(finding.rule))
    .map((finding) => `${finding.rule}@${finding.fn?.address}`);
  if ([...found].sort().join() !== [...kernel.expected].sort().join())
    return `found ${found.join(' ')}, expected ${kernel.expected.join(' ')}`;
  const contradiction = findings.find((finding) => finding.rule === 'ATS093' || finding.rule === 'ATS094');
  if (contradiction) return `${contradiction.rule}: ${contradiction.message}`;
  const unexplained = replay.machineCoverage.unexplained();
  return unexplained.length > 0 ? `the reference machine lacks ${unexplained[0]}` : null;
}

/** All sequences of so many steps. */
export function* sequences(depth: number): Generator<Step[]> {
  if (depth === 0) {
    yield [];
    return;
  }
  for (const rest of sequences(depth - 1)) for (const step of STEPS) yield [...rest, step];
}

/** Longer stories, taken at random from a fixed seed; what is wrong with one of them, or null. */
export function wrongAtRandom(stories: number): string | null {
  let seed = 12345;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed % below;
  };
  for (let i = 0; i < stories; i++) {
    const profile = PROFILES[random(PROFILES.length)];
    const sequence = Array.from({ length: 3 + random(20) }, () => STEPS[random(STEPS.length)]);
    const wrong = disagreement(profile, sequence, random(2) === 1);
    if (wrong) return `${profile.id}: ${sequence.map(([name]) => name).join(', ')}: ${wrong}`;
  }
  return null;
}
