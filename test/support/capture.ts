import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Analysis } from '../../model/analysis.ts';
import { analyzeBytes } from './pipeline.ts';

export const CAPTURES = join(import.meta.dirname, '..', 'fixtures', 'captures');

/** The files of a capture that are given to an analysis. */
export function captureInputs(name: string): string[] {
  return ['trace.txt', 'dmesg.txt']
    .map((file) => join(CAPTURES, name, file))
    .filter((path) => existsSync(path));
}

const analyses = new Map<string, Promise<Analysis>>();

/** The analysis of a capture from the fixtures, trace and kernel log together; made once, for all tests that ask. */
export function analyzeCapture(name: string): Promise<Analysis> {
  let analysis = analyses.get(name);
  if (!analysis) {
    const files = captureInputs(name);
    analysis = analyzeBytes(Object.fromEntries(files.map((path) => [path, readFileSync(path)])));
    analyses.set(name, analysis);
  }
  return analysis;
}
