/**
 * The far end of a thread: jobs are done one after another, and told to the process that started it.
 */
import { parentPort } from 'node:worker_threads';
import { messageOf, QschedError } from '../contract/errors.js';
import type { FromThread, JobControl, Jobs, ToThread } from './thread-messages.js';

/** One function per job. */
export type Handlers<J extends Jobs> = {
  readonly [N in keyof J]: (job: J[N]['job'], control: JobControl) => Promise<J[N]['result']> | J[N]['result'];
};

/** Serves jobs until the thread is terminated. */
export function serveThread<J extends Jobs>(handlers: Handlers<J>): void {
  const port = parentPort!;
  const cancelled = new Set<number>();
  let queue: Promise<void> = Promise.resolve();
  const send = (message: FromThread): void => port.postMessage(message);

  const answer = async ({ id, name, job }: Extract<ToThread, { type: 'job' }>): Promise<void> => {
    const control: JobControl = {
      onProgress: (share) => send({ type: 'progress', id, share }),
      async checkpoint() {
        await new Promise<void>((done) => {
          setImmediate(done);
        });
        if (cancelled.has(id)) throw new QschedError('failure', 'Cancelled.');
      },
    };
    try {
      await control.checkpoint();
      send({ type: 'done', id, result: await handlers[name as keyof J](job, control) });
    } catch (error) {
      const known = error instanceof QschedError ? error : { code: 'unexpected' as const, hint: '', final: false };
      send({ type: 'failed', id, message: messageOf(error), code: known.code, hint: known.hint, final: known.final });
    } finally {
      cancelled.delete(id);
    }
  };

  port.on('message', (message: ToThread) => {
    if (message.type === 'cancel') cancelled.add(message.id);
    else queue = queue.then(() => answer(message));
  });
}
