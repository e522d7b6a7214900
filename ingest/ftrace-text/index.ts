import type { Format } from '../format.ts';
import { FtraceTextDecoder } from './decode.ts';
import { detect } from './detect.ts';

export const ftraceText: Format = {
  id: 'ftrace-text',
  title: 'ftrace text (tracefs trace and trace_pipe, trace-cmd report)',
  detect,
  async decode(source, out, options) {
    new FtraceTextDecoder(out, options).decode(source);
  },
};
