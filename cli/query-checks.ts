import type { Analysis } from '../model/analysis.ts';
import { applyChecks } from '../queries/apply-checks.ts';
import { CheckError, loadChecks } from '../queries/checks.ts';
import { visible } from '../reports/visible.ts';
import { UsageError } from './exit-codes.ts';
import { numberOf } from './query-inputs.ts';
import { limitsOf } from './query-source.ts';

/** Options of checks in SQL. */
export interface CheckFlags {
  /** Directory with `*.check.sql`. */
  readonly checks: string;
  readonly memory?: string;
  readonly threads?: string;
  readonly timeLimit?: string;
}

/** Runs the checks of a directory beside the built-in rules. @throws UsageError for a check that cannot be used */
export async function withChecks(analysis: Analysis, flags: CheckFlags): Promise<Analysis> {
  const limits = limitsOf({ memory: flags.memory ?? '1GB', threads: flags.threads });
  const timeLimit = numberOf('--time-limit', flags.timeLimit ?? '60', 0);
  try {
    return await applyChecks(analysis, loadChecks(flags.checks), { ...limits, timeLimit });
  } catch (error) {
    if (!(error instanceof CheckError)) throw error;
    throw new UsageError(`--checks: ${error.message.split('\n').map(visible).join('\n')}`);
  }
}
