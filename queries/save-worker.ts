import { parentPort } from 'node:worker_threads';
import type { SaveReply, SaveRequest } from './save-thread.ts';
import { DatabaseFile } from './saved.ts';

/** Writes a database beside the thread that reads the recording: one request after the other, each with its reply. */
let file: Promise<DatabaseFile> | null = null;
let turn: Promise<unknown> = Promise.resolve();

async function serve(request: SaveRequest): Promise<void> {
  switch (request.kind) {
    case 'create':
      file = DatabaseFile.create(request.path, request.limits, true);
      await file;
      return;
    case 'append':
      await (await file)?.append(request.batch);
      return;
    case 'finish':
      await (await file)?.finish(request.tables, request.streamed);
      return;
    case 'close':
      await file?.then(
        (opened) => opened.close(),
        () => {},
      );
  }
}

parentPort?.on('message', (request: SaveRequest) => {
  turn = turn.then(async () => {
    const reply: SaveReply = await serve(request).then(
      () => ({ problem: null }),
      (error: Error) => ({ problem: error.message }),
    );
    parentPort?.postMessage(reply);
  });
});
