import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readText } from '../../../ingest/ftrace-text/threads.ts';
import { Recording } from '../../../ingest/recording.ts';
import { MemorySource } from '../../../ingest/source.ts';
import { digest, fixture, onlyEnable } from './helpers.ts';

const folder = mkdtempSync(join(tmpdir(), 'atscope-threads-'));
const script = join(folder, 'scan-worker.mjs');

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('../../../ingest/ftrace-text/scan-worker.ts', import.meta.url))],
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Many lines that nobody wants, a few that somebody does, and once a stack trace. */
function text(stacks: boolean): Buffer {
  const events = fixture('fmt/fprobe.txt').toString('latin1').split('\n').slice(12, -1).join('\n');
  const parts: string[] = ['# tracer: nop\n#\n'];
  for (let i = 0; i < 2000; i++) {
    const time = `${10 + (i >> 4)}.${String((i * 7919) % 1000000).padStart(6, '0')}`;
    const head = `            task${i % 7}-${100 + (i % 7)}     [00${i % 2}] .....    ${time}: `;
    parts.push(`${head}kmalloc: (f+0x1) call_site=f ptr=0x1\n${head}sched_waking: comm=x pid=${i}\n`);
    if (i % 100 === 50) parts.push(`${events}\n`);
    if (i % 500 === 99) parts.push('CPU:1 [LOST 76 EVENTS]\n');
    if (stacks && i === 1500) parts.push(`${head}<stack trace>\n => f\n`);
  }
  return Buffer.from(parts.join(''), 'latin1');
}

function read(bytes: Uint8Array, chunkSize: number, worker: URL | null): unknown {
  const recording = new Recording();
  const out = recording.addSource('trace.txt', 'ftrace-text', bytes.length);
  const options = { needs: { wants: onlyEnable }, chunkSize };
  readText(new MemorySource('trace.txt', bytes), out, options, { worker, worthIt: 0 });
  return digest(recording.finish());
}

describe('two threads read what one reads', () => {
  test.each([false, true])('with stack traces: %s', (stacks) => {
    const bytes = text(stacks);
    const alone = read(bytes, 4096, null);
    expect(read(bytes, 1 << 20, null)).toEqual(alone);
    for (const chunkSize of [997, 4096, 50_000]) {
      expect(read(bytes, chunkSize, pathToFileURL(script))).toEqual(alone);
    }
  });

  test('a thread that cannot start leaves the work to the other', () => {
    const bytes = text(false);
    const missing = pathToFileURL(join(folder, 'missing.mjs'));
    expect(read(bytes, 4096, missing)).toEqual(read(bytes, 4096, null));
  });
});
