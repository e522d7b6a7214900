import { atsEvents } from './ats-events/index.ts';
import type { Format } from './format.ts';
import { ftraceText } from './ftrace-text/index.ts';
import { kernelLog } from './kernel-log/index.ts';
import { lspci } from './lspci/index.ts';
import { qemuTrace } from './qemu-trace/index.ts';
import { traceDat } from './trace-dat/index.ts';

/** Every input format, in the order in which ties are listed. */
export const FORMATS: readonly Format[] = [traceDat, ftraceText, kernelLog, lspci, qemuTrace, atsEvents];
