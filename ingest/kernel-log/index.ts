import type { Format } from '../format.ts';
import { decode } from './decode.ts';
import { detect } from './detect.ts';

/** The kernel log: console, dmesg, /dev/kmsg, journal, syslog, pstore, in every rendering. See README.md. */
export const kernelLog: Format = { id: 'kernel-log', title: 'kernel log', detect, decode };
