import { KIND, UNKNOWN } from './events.ts';
import { EBUSY } from './predict.ts';

/** Whose machine: a PF or plain function keeps a translation unit of its own, a VF has none. */
export type MachineKind = 'pf' | 'vf';

export interface MachineState {
  readonly kind: MachineKind;
  readonly name: string;
  readonly doc: string;
  readonly initial?: boolean;
}

/** What the PCI core knows of a function (contract 2.2): `ats_enabled`, and whether `ats_stu` was ever set. */
export const MACHINE_STATES: readonly MachineState[] = [
  { kind: 'pf', name: 'absent', doc: 'The function is not there.', initial: true },
  { kind: 'pf', name: 'fresh', doc: 'Added; ats_enabled = 0, ats_stu = 0.' },
  { kind: 'pf', name: 'prepared', doc: 'ats_enabled = 0, ats_stu holds a page shift.' },
  { kind: 'pf', name: 'enabled', doc: 'ats_enabled = 1.' },
  { kind: 'vf', name: 'absent', doc: 'The function is not there.', initial: true },
  { kind: 'vf', name: 'off', doc: 'ats_enabled = 0; the page shift is that of the PF.' },
  { kind: 'vf', name: 'enabled', doc: 'ats_enabled = 1.' },
];

export interface MachineTransition {
  readonly kind: MachineKind;
  readonly from: string;
  /** What happens, as an identifier that an automaton can use. */
  readonly event: string;
  readonly to: string;
  /** What the contract thinks of it: part of a correct life, a refusal, or a bug of the caller. */
  readonly nature: 'normal' | 'refused' | 'bug';
}

function edges(kind: MachineKind, nature: MachineTransition['nature'], rows: string): MachineTransition[] {
  return rows
    .trim()
    .split('\n')
    .map((row) => {
      const [from, event, to] = row.trim().split(/\s+/);
      return { kind, from, event, to, nature };
    });
}

/**
 * Every transition of the reference machine of one function (contract 3.2 to 3.5, 5.5). A refusal while enabled is what a
 * quirk leaves behind that took the capability away too late.
 */
export const MACHINE_TRANSITIONS: readonly MachineTransition[] = [
  ...edges(
    'pf',
    'normal',
    `absent    device_add      fresh
     fresh     prepare_ok      prepared
     fresh     enable_ok       enabled
     prepared  prepare_ok      prepared
     prepared  enable_ok       enabled
     enabled   disable         prepared
     enabled   restore         enabled
     enabled   reset           enabled
     prepared  reset           prepared
     fresh     reset           fresh
     fresh     removed         absent
     prepared  removed         absent`,
  ),
  ...edges(
    'pf',
    'refused',
    `fresh     prepare_refused fresh
     fresh     enable_refused  fresh
     prepared  prepare_refused prepared
     prepared  enable_refused  prepared`,
  ),
  ...edges(
    'pf',
    'bug',
    `enabled   prepare_busy    enabled
     enabled   enable_busy     enabled
     enabled   prepare_refused enabled
     enabled   enable_refused  enabled
     fresh     disable_warn    fresh
     prepared  disable_warn    prepared
     enabled   removed         absent`,
  ),
  ...edges(
    'vf',
    'normal',
    `absent    device_add      off
     off       prepare_ok      off
     off       enable_ok       enabled
     enabled   disable         off
     enabled   restore         enabled
     enabled   reset           enabled
     off       reset           off
     off       removed         absent`,
  ),
  ...edges(
    'vf',
    'refused',
    `off       prepare_refused off
     off       enable_refused  off`,
  ),
  ...edges(
    'vf',
    'bug',
    `enabled   prepare_busy    enabled
     enabled   enable_busy     enabled
     enabled   prepare_refused enabled
     enabled   enable_refused  enabled
     off       disable_warn    off
     enabled   removed         absent`,
  ),
];

const STATE_NAMES = [...new Set(MACHINE_STATES.map((state) => state.name))];
const EVENT_NAMES = [...new Set(MACHINE_TRANSITIONS.map((transition) => transition.event))];
const STATE_INDEX: ReadonlyMap<string, number> = new Map(STATE_NAMES.map((name, i) => [name, i]));
const EVENT_INDEX: ReadonlyMap<string, number> = new Map(EVENT_NAMES.map((name, i) => [name, i]));

/** Numbers of the states and events, which the replay counts with; -1 where state or event is unknown. */
export const NO_STEP = -1;
export const ABSENT = STATE_NAMES.indexOf('absent');
const FRESH = STATE_NAMES.indexOf('fresh');
const PREPARED = STATE_NAMES.indexOf('prepared');
const ENABLED = STATE_NAMES.indexOf('enabled');
const OFF = STATE_NAMES.indexOf('off');
export const DEVICE_ADD = EVENT_NAMES.indexOf('device_add');
export const REMOVED = EVENT_NAMES.indexOf('removed');
const PREPARE = ['prepare_ok', 'prepare_busy', 'prepare_refused'].map((name) => EVENT_NAMES.indexOf(name));
const ENABLE = ['enable_ok', 'enable_busy', 'enable_refused'].map((name) => EVENT_NAMES.indexOf(name));
const DISABLE = EVENT_NAMES.indexOf('disable');
const DISABLE_WARN = EVENT_NAMES.indexOf('disable_warn');
const RESTORE = EVENT_NAMES.indexOf('restore');
const [PREPARE_CALL, ENABLE_CALL, DISABLE_CALL] = [
  KIND['ats.prepare'],
  KIND['ats.enable'],
  KIND['ats.disable'],
];
const [RESTORE_CALL, FLR_CALL] = [KIND['ats.restore'], KIND['reset.flr']];
const RESET = EVENT_NAMES.indexOf('reset');

/** The state of the machine that `ats_enabled` and `ats_stu` stand for, while both are known. */
export function machineState(isVf: boolean, enabled: number, pageShift: number): number {
  if (enabled === UNKNOWN) return NO_STEP;
  if (enabled === 1) return ENABLED;
  if (isVf) return OFF;
  return pageShift === UNKNOWN ? NO_STEP : pageShift === 0 ? FRESH : PREPARED;
}

/** The event of the machine that a finished call stands for, where it knows the call and its result is recorded. */
export function machineEvent(kind: number, result: number, enabledBefore: number): number {
  switch (kind) {
    case PREPARE_CALL:
    case ENABLE_CALL: {
      if (result === UNKNOWN) return NO_STEP;
      return (kind === PREPARE_CALL ? PREPARE : ENABLE)[result === 0 ? 0 : result === EBUSY ? 1 : 2];
    }
    case DISABLE_CALL:
      return enabledBefore === UNKNOWN ? NO_STEP : enabledBefore === 1 ? DISABLE : DISABLE_WARN;
    case RESTORE_CALL:
      return enabledBefore === 1 ? RESTORE : NO_STEP;
    case FLR_CALL:
      return RESET;
    default:
      return NO_STEP;
  }
}

/** Counts how often a recording took each transition. */
export class MachineCoverage {
  private readonly counts = new Uint32Array(2 * STATE_NAMES.length * EVENT_NAMES.length * STATE_NAMES.length);

  took(isVf: boolean, from: number, event: number, to: number): void {
    if (from !== NO_STEP && event !== NO_STEP && to !== NO_STEP)
      this.counts[indexAt(isVf ? 1 : 0, from, event, to)]++;
  }

  countOf({ kind, from, event, to }: MachineTransition): number {
    return this.counts[indexOf(kind, from, event, to)];
  }

  /** Steps that the reference machine does not have: none on a recording that it explains. */
  unexplained(): string[] {
    const known = new Set(
      MACHINE_TRANSITIONS.map(({ kind, from, event, to }) => indexOf(kind, from, event, to)),
    );
    const steps: string[] = [];
    for (const kind of ['pf', 'vf'] as const) {
      for (const from of STATE_NAMES) {
        for (const event of EVENT_NAMES) {
          for (const to of STATE_NAMES) {
            const index = indexOf(kind, from, event, to);
            if (this.counts[index] > 0 && !known.has(index)) steps.push(`${kind} ${from} ${event} ${to}`);
          }
        }
      }
    }
    return steps;
  }
}

function indexOf(kind: MachineKind, from: string, event: string, to: string): number {
  const a = STATE_INDEX.get(from) ?? 0;
  const b = EVENT_INDEX.get(event) ?? 0;
  const c = STATE_INDEX.get(to) ?? 0;
  return indexAt(kind === 'pf' ? 0 : 1, a, b, c);
}

function indexAt(kind: number, from: number, event: number, to: number): number {
  return ((kind * STATE_NAMES.length + from) * EVENT_NAMES.length + event) * STATE_NAMES.length + to;
}

/** The machine as a graph for Mermaid. Steps that are bugs of the caller are marked. */
export function toMermaid(kind: MachineKind): string {
  const lines = ['stateDiagram-v2'];
  for (const { from, event, to, nature } of MACHINE_TRANSITIONS.filter((edge) => edge.kind === kind)) {
    lines.push(`    ${from} --> ${to}: ${event}${nature === 'bug' ? ' (bug)' : ''}`);
  }
  const initial = MACHINE_STATES.find((state) => state.kind === kind && state.initial);
  lines.splice(1, 0, `    [*] --> ${initial?.name}`);
  return `${lines.join('\n')}\n`;
}

/**
 * The machine in the form of the kernel's runtime verification automata (tools/verification/models): circles, an invisible
 * node that points to the initial state, one edge per pair of states with its events one to a line. Only what is part of
 * a correct life is accepted.
 */
export function toDot(kind: MachineKind): string {
  const states = MACHINE_STATES.filter((state) => state.kind === kind);
  const initial = states.find((state) => state.initial)?.name ?? '';
  const pairs = new Map<string, { from: string; to: string; events: string[] }>();
  for (const { from, to, event } of MACHINE_TRANSITIONS.filter(
    (edge) => edge.kind === kind && edge.nature !== 'bug',
  )) {
    const key = `${from} ${to}`;
    const pair = pairs.get(key) ?? { from, to, events: [] };
    pair.events.push(event);
    pairs.set(key, pair);
  }
  return [
    'digraph state_automaton {',
    '\tcenter = true;',
    '\tsize = "7,11";',
    ...states
      .filter((state) => state.name !== initial)
      .map(({ name }) => `\t{node [shape = circle] "${name}"};`),
    `\t{node [shape = plaintext, style=invis, label=""] "__init_${initial}"};`,
    `\t{node [shape = doublecircle] "${initial}"};`,
    `\t"__init_${initial}" -> "${initial}";`,
    ...states.map(
      ({ name }) => `\t"${name}" [label = "${name}"${name === initial ? ', color = green3' : ''}];`,
    ),
    ...[...pairs.values()].map(
      ({ from, to, events }) => `\t"${from}" -> "${to}" [ label = "${events.join('\\n')}" ];`,
    ),
    '\t{ rank = min ;',
    `\t\t"__init_${initial}";`,
    `\t\t"${initial}";`,
    '\t}',
    '}',
    '',
  ].join('\n');
}
