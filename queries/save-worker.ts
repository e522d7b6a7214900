import { parentPort } from 'node:worker_threads';
import type { SaveReply, SaveRequest, SaveWork } from './save-thread.ts';
import { DatabaseFile } from './saved.ts';

/** Writes a database beside the thread that reads the recording: one request after the other, each with its reply. */
let file: DatabaseFile | null = null;
let turn: Promise<unknown> = Promise.resolve();

async function serve(work: SaveWork): Promise<void> {
  if (work.kind === 'create') {
    file = await DatabaseFile.create(work.path, work.limits, true);
    return;
  }
  if (!file) throw new Error(`${work.kind} of a database that was not created`);
  if (work.kind === 'append') await file.append(work.batch);
  else if (work.kind === 'finish') await file.finish(work.tables, work.streamed);
  else file.close();
}

parentPort?.on('message', ({ id, work }: SaveRequest) => {
  turn = turn.then(async () => {
    const reply: SaveReply = await serve(work).then(
      () => ({ id, problem: null }),
      (error: Error) => ({ id, problem: error.message }),
    );
    parentPort?.postMessage(reply);
  });
});
// A request that does not arrive whole has no id to answer to: the thread ends, which settles all.
parentPort?.on('messageerror', (error) => {
  throw error;
});
