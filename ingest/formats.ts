import type { Format } from './format.ts';
import { ftraceText } from './ftrace-text/index.ts';
import { kernelLog } from './kernel-log/index.ts';

/** Every input format, in the order in which ties are listed. */
export const FORMATS: readonly Format[] = [ftraceText, kernelLog];
