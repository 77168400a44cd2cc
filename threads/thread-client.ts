/**
 * Starts a thread and gives it jobs; the event loop stays free.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { QschedError } from '../contract/errors.js';
import type { FromThread, Jobs, ToThread, Watch } from './thread-messages.js';

/** A thread that runs jobs one after another. */
export interface ThreadClient<J extends Jobs> {
  /** @throws QschedError if the job fails, or was cancelled through `signal` */
  submit<N extends keyof J & string>(name: N, job: J[N]['job'], watch?: Watch): Promise<J[N]['result']>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((share: number) => void) | undefined;
}

/**
 * Starts a thread.
 *
 * @param script a module that calls `serveThread`
 * @param workerData passed to the thread
 * @param what the thread's name in messages, for example "scoring"
 */
export function startThread<J extends Jobs>(script: URL, workerData: unknown, what: string): ThreadClient<J> {
  const thread = new Worker(builtOf(script), { workerData });
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let closed: Error | undefined;
  const failAll = (error: Error): void => {
    closed = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const post = (message: ToThread): void => thread.postMessage(message);
  thread.on('error', failAll);
  thread.on('exit', (code) => failAll(new Error(`The ${what} thread ended (code ${code}).`)));
  thread.on('message', (message: FromThread) => {
    const job = waiting.get(message.id);
    if (!job) return;
    if (message.type === 'progress') return job.onProgress?.(message.share);
    waiting.delete(message.id);
    if (message.type === 'done') job.resolve(message.result);
    else job.reject(errorOf(message));
  });
  return {
    submit: (name, job, { signal, onProgress } = {}) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(closed);
        if (signal?.aborted) return reject(new QschedError('failure', 'Cancelled.'));
        const id = next;
        next += 1;
        const cancel = (): void => post({ type: 'cancel', id });
        const settled =
          <V>(end: (value: V) => void) =>
          (value: V): void => {
            signal?.removeEventListener('abort', cancel);
            end(value);
          };
        signal?.addEventListener('abort', cancel, { once: true });
        waiting.set(id, { resolve: settled(resolve), reject: settled(reject), onProgress });
        post({ type: 'job', id, name, job });
      }),
    close: async () => {
      await thread.terminate();
    },
  };
}

function errorOf({ code, message, hint, final }: Extract<FromThread, { type: 'failed' }>): Error {
  return code === 'unexpected' ? new Error(message) : new QschedError(code, message, hint, final);
}

/** A thread runs the built module, even if this one runs from source. */
function builtOf(script: URL): string {
  const path = fileURLToPath(script);
  const root = fileURLToPath(new URL('..', import.meta.url));
  return existsSync(path) ? path : join(root, 'dist', relative(root, path));
}
