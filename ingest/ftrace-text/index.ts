import type { Format } from '../format.ts';
import { detect } from './detect.ts';
import { readText } from './threads.ts';

export const ftraceText: Format = {
  id: 'ftrace-text',
  title: 'ftrace text (tracefs trace and trace_pipe, trace-cmd report, perf script)',
  detect,
  async decode(source, out, options) {
    readText(source, out, options);
  },
};
