import type { Format } from '../format.ts';
import { headOf } from '../source.ts';
import { detect } from './detect.ts';
import { changesOf, LARGEST_PASTE } from './pasted.ts';
import { readPaste } from './read-paste.ts';
import { readText } from './threads.ts';

export const ftraceText: Format = {
  id: 'ftrace-text',
  title: 'ftrace text (tracefs trace and trace_pipe, trace-cmd report, perf script)',
  detect,
  async decode(source, out, options) {
    const changes = source.size <= LARGEST_PASTE ? changesOf(headOf(source)) : null;
    if (changes) readPaste(source, out, options, changes);
    else readText(source, out, options);
  },
};
