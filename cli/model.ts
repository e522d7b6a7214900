import {
  MACHINE_STATES,
  MACHINE_TRANSITIONS,
  type MachineKind,
  toDot,
  toMermaid,
} from '../model/reference-machine.ts';
import { UsageError } from './exit-codes.ts';

/** Prints the reference machine of one function. @throws UsageError for an unknown form or kind. */
export function runModel(flags: {
  readonly format: string;
  readonly kind: string;
  readonly json?: boolean;
}): void {
  if (flags.kind !== 'pf' && flags.kind !== 'vf') {
    throw new UsageError(`--kind ${flags.kind}: expected pf (also plain functions) or vf.`);
  }
  const kind: MachineKind = flags.kind;
  switch (flags.json ? 'json' : flags.format) {
    case 'mermaid':
      process.stdout.write(toMermaid(kind));
      return;
    case 'dot':
      process.stdout.write(toDot(kind));
      return;
    case 'json': {
      const states = MACHINE_STATES.filter((state) => state.kind === kind);
      const transitions = MACHINE_TRANSITIONS.filter((edge) => edge.kind === kind);
      process.stdout.write(`${JSON.stringify({ kind, states, transitions }, null, 2)}\n`);
      return;
    }
    default:
      throw new UsageError(`--format ${flags.format}: expected mermaid, dot or json.`);
  }
}
