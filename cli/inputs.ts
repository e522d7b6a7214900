import { quote } from '../ingest/quote.ts';
import { readInputs } from '../ingest/read.ts';
import type { Analysis } from '../model/analysis.ts';
import { analyze } from '../model/analyze.ts';
import { PROFILES, type Profile, profileById } from '../model/features.ts';
import { modelWants } from '../model/lift/ftrace.ts';
import { UsageError } from './exit-codes.ts';
import { namedOffsets, type ReaderFlags, readersFor } from './input-readers.ts';
import { Progress } from './terminal.ts';
import { TOOL } from './version.ts';

/** Options that say how inputs are read and replayed, the same for every command that does. */
export interface InputFlags extends ReaderFlags {
  readonly features?: string;
  readonly inputFormat?: string;
  readonly under?: string;
  readonly taken?: readonly string[];
}

/** The kernel behaviour under which a page tells what else would have happened, unless another is named. */
export const USUAL_UNDER = 'series';

/** @throws UsageError for a profile that does not exist. */
function profileOf(option: string, id: string | undefined): Profile | null {
  if (id === undefined) return null;
  const profile = profileById(id);
  if (profile) return profile;
  throw new UsageError(
    `${option} ${id}: no such profile; there are ${PROFILES.map((known) => known.id).join(', ')}.`,
  );
}

/** Reads `FILE=before` and `FILE=after`. @throws UsageError */
function takenOf(
  inputs: readonly string[],
  values: readonly string[] | undefined,
): ReadonlyMap<string, 'before' | 'after'> {
  const taken = new Map<string, 'before' | 'after'>();
  for (const value of values ?? []) {
    const equals = value.lastIndexOf('=');
    const [path, when] = [value.slice(0, equals), value.slice(equals + 1)];
    if (equals <= 0 || (when !== 'before' && when !== 'after')) {
      throw new UsageError(`--taken ${value}: expected FILE=before or FILE=after.`);
    }
    if (!inputs.includes(path)) {
      throw new UsageError(`--taken ${value}: ${path} is none of the inputs (${inputs.join(', ')}).`);
    }
    taken.set(path, when);
  }
  return taken;
}

/** Reads and replays inputs. @throws InputError, UsageError */
export async function analyzeInputs(
  inputs: readonly string[],
  flags: InputFlags,
  gate: 'error' | 'warning' = 'error',
): Promise<Analysis> {
  const profile = profileOf('--features', flags.features);
  const under = profileOf('--under', flags.under ?? USUAL_UNDER);
  const progress = new Progress();
  const read = await readInputs(inputs, {
    needs: { wants: modelWants },
    format: flags.inputFormat,
    formatFor: await readersFor(flags),
    taken: takenOf(inputs, flags.taken),
    progress: (path, bytes, size) =>
      progress.show(`reading ${path} ${size > 0 ? Math.floor((bytes * 100) / size) : 0}%`),
  });
  try {
    return await analyze(read.recorded, {
      tool: TOOL,
      gate,
      profile: profile ? { profile, features: profile.features, why: 'named with --features' } : null,
      under,
      atsCapabilities: namedOffsets(flags.atsCapability),
      quote: (places) => quote(read, places),
    });
  } finally {
    progress.clear();
    read.close();
  }
}
