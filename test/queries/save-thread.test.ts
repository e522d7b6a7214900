import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { EventBatch } from '../../ingest/event-stream.ts';
import { SaveThread } from '../../queries/save-thread.ts';
import { ColumnBuilder } from '../../tables/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'save-thread-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A writer whose answers are ours: `body` gets `request`, and answers with `reply(problem)`. */
function writer(name: string, body: string): URL {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(
    path,
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', (request) => {
       const reply = (problem = null) => parentPort.postMessage({ id: request.id, problem });
       const { kind } = request.work;
       ${body}
     });`,
  );
  return pathToFileURL(path);
}

/** A batch of one column that takes `rows` times eight bytes. */
function batch(rows = 4): EventBatch {
  const builder = new ColumnBuilder({ name: 'seq', type: 'i64', nullable: false, doc: '' });
  for (let i = 0; i < rows; i++) builder.pushPair(i, 0);
  return { table: 0, name: 'busy', rows, source: 0, columns: [builder.take()], newValues: [[]] };
}

const obliging = writer('obliging', 'reply();');

describe('the thread that writes the database', () => {
  it('gets limits that hold a function of the caller', async () => {
    // A request that could not be sent once kept its place in the queue of answers: finish waited for ever.
    const script = writer('limits', `reply(kind === 'create' ? JSON.stringify(request.work.limits) : null);`);
    const thread = new SaveThread(script, 'x', { memoryLimit: '1GB', threads: 2, runaway: () => {} });
    await expect(thread.finish([], [])).rejects.toThrow('{"memoryLimit":"1GB","threads":2}');
    await thread.close();
  });

  it('tells of a batch that cannot be sent', async () => {
    const thread = new SaveThread(obliging, 'x', {});
    thread.append(batch());
    const twice = batch();
    thread.append({ ...twice, columns: [twice.columns[0], twice.columns[0]] });
    await expect(thread.finish([], [])).rejects.toThrow(/duplicate|cloned/i);
    expect(() => thread.pause()).toThrow(/duplicate|cloned/i);
    await thread.close();
  });

  it('tells of a batch whose memory is gone', async () => {
    const thread = new SaveThread(obliging, 'x', {});
    const same = batch();
    thread.append(same);
    thread.append(same);
    await expect(thread.finish([], [])).rejects.toThrow('rows of busy were handed over before');
    await thread.close();
  });

  it('tells of what the writer could not do, and then of nothing else', async () => {
    const script = writer('full', `reply(kind === 'append' ? 'disk is full' : null);`);
    const thread = new SaveThread(script, 'x', {});
    for (let i = 0; i < 3; i++) thread.append(batch());
    await expect(thread.finish([], [])).rejects.toThrow('disk is full');
    await expect(thread.finish([], [])).rejects.toThrow('disk is full');
    await thread.close();
  });

  it.each([
    ['throws', `if (kind === 'append') throw new Error('out of luck');`, 'out of luck'],
    ['ends', `if (kind === 'append') process.exit(1);`, 'ended'],
  ])('tells of a writer that %s', async (name, body, message) => {
    const thread = new SaveThread(writer(name, `${body} reply();`), 'x', {});
    thread.append(batch());
    await expect(thread.finish([], [])).rejects.toThrow(message);
    // Asked of a thread that is gone.
    await expect(thread.finish([], [])).rejects.toThrow(message);
    await thread.close();
  });

  it('tells of a script that does not start', async () => {
    const thread = new SaveThread(pathToFileURL(join(folder, 'none.mjs')), 'x', {});
    thread.append(batch());
    await expect(thread.finish([], [])).rejects.toThrow(/none\.mjs/);
    await thread.close();
  });

  it('lets the reader wait while much is to be written, and go on when it fails', async () => {
    const held = writer('held', `if (kind === 'append') setTimeout(reply, 20); else reply();`);
    const thread = new SaveThread(held, 'x', {});
    expect(thread.pause()).toBeNull();
    for (let i = 0; i < 14; i++) thread.append(batch(1 << 20));
    const waits = [thread.pause(), thread.pause()];
    expect(waits).not.toContain(null);
    await Promise.all(waits);
    expect(thread.pause()).toBeNull();
    await thread.finish([], []);
    await thread.close();

    const broken = new SaveThread(writer('broken', `if (kind === 'append') reply('broken');`), 'x', {});
    for (let i = 0; i < 14; i++) broken.append(batch(1 << 20));
    await broken.pause();
    expect(() => broken.pause()).toThrow('broken');
    await broken.close();
  });
});
