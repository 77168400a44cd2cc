/**
 * Inside a thread: runs jobs one after another and sends their results to whoever started the thread.
 */
import { parentPort } from 'node:worker_threads';
import { messageOf, QschedError } from '../contract/errors.js';
import type { FromThread, JobControl, Jobs, ToThread } from './thread-messages.js';

/** One function per job. */
export type Handlers<J extends Jobs> = {
  readonly [N in keyof J]: (job: J[N]['job'], control: JobControl) => Promise<J[N]['result']> | J[N]['result'];
};

/** Progress is sent in steps of this share. */
const SHARE = 0.02;

/** Serves jobs until the thread is terminated. */
export function serveThread<J extends Jobs>(handlers: Handlers<J>): void {
  const port = parentPort!;
  const cancelled = new Set<number>();
  let queue: Promise<void> = Promise.resolve();
  const send = (message: FromThread): void => port.postMessage(message);

  const answer = async ({ id, name, job }: Extract<ToThread, { type: 'job' }>): Promise<void> => {
    let sent = 0;
    const control: JobControl = {
      onProgress(share) {
        if (share - sent < SHARE) return;
        sent = share;
        send({ type: 'progress', id, share });
      },
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
