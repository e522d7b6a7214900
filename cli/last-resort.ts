import { removePending } from './query-output.ts';

/**
 * Ends the program where a query cannot be stopped otherwise. Shells see 137, as for any program that was killed; files
 * that are not complete go away before.
 */
export function endProgram(why: string): void {
  removePending();
  process.stderr.write(`atscope: ${why}; the program ends itself.\n`);
  process.kill(process.pid, 'SIGKILL');
}
