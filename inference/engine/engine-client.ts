/**
 * The near end of the engine's thread: jobs in, results out, the event loop stays free.
 */
import { Worker } from 'node:worker_threads';
import { QschedError } from '../../spec/errors.js';
import type { EngineJobs, EngineThreadData, FitJob, FitJobResult, FromEngine, ScoreJob, ScoreJobResult, ToEngine } from './engine-messages.js';

/** A scoring engine on its own thread. */
export interface EngineClient {
  readonly data: EngineThreadData;
  /**
   * Scores one job; jobs are done one after another.
   *
   * @throws QschedError when the job cannot be done, or was cancelled through `signal`
   */
  score(job: ScoreJob, options?: Watch): Promise<ScoreJobResult>;
  /** Fits PTQD; queued with the scoring jobs. */
  fit(job: FitJob, options?: Watch): Promise<FitJobResult>;
  /** Draws, scores and keeps one shard of an evaluation. */
  render(job: EngineJobs['render']['job'], options?: Watch): Promise<EngineJobs['render']['result']>;
  /** One row of an evaluation from what is kept; ended by the thread alone, not by `signal`. */
  summarise(job: EngineJobs['summarise']['job'], options?: Watch): Promise<EngineJobs['summarise']['result']>;
  close(): Promise<void>;
}

interface Watch { readonly signal?: AbortSignal; readonly onProgress?: (share: number) => void }

type Result = EngineJobs[keyof EngineJobs]['result'];

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((share: number) => void) | undefined;
}

/** Starts the thread; it loads models when the first job needs them. */
export function startEngine(data: EngineThreadData): EngineClient {
  const thread = new Worker(new URL('./engine-thread.js', import.meta.url), { workerData: data });
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let closed: Error | undefined;

  const failAll = (error: Error): void => {
    closed = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  thread.on('error', failAll);
  thread.on('exit', (code) => failAll(new Error(`The scoring thread ended (code ${code}).`)));
  thread.on('message', (message: FromEngine) => {
    const job = waiting.get(message.id);
    if (!job) return;
    if (message.type === 'progress') {
      job.onProgress?.(message.share);
      return;
    }
    waiting.delete(message.id);
    if (message.type === 'done') job.resolve(message.result);
    else job.reject(message.code === 'unexpected' ? new Error(message.message) : new QschedError(message.code, message.message, message.hint, message.final));
  });

  const submit = (message: (id: number) => ToEngine, { signal, onProgress }: Watch) =>
    new Promise<Result>((resolve, reject) => {
      if (closed) return reject(closed);
      if (signal?.aborted) return reject(new QschedError('failure', 'Cancelled.'));
      const id = next;
      next += 1;
      const post = (one: ToEngine) => thread.postMessage(one);
      const cancel = () => post({ type: 'cancel', id });
      const settled = <T>(end: (value: T) => void) => (value: T) => { signal?.removeEventListener('abort', cancel); end(value); };
      signal?.addEventListener('abort', cancel, { once: true });
      waiting.set(id, { resolve: settled(resolve), reject: settled(reject), onProgress });
      post(message(id));
    });

  return {
    data,
    score: async (job, watch = {}) => (await submit((id) => ({ type: 'score', id, job }), watch)) as ScoreJobResult,
    fit: async (job, watch = {}) => (await submit((id) => ({ type: 'fit', id, job }), watch)) as FitJobResult,
    render: async (job, watch = {}) => (await submit((id) => ({ type: 'render', id, job }), watch)) as EngineJobs['render']['result'],
    summarise: async (job, watch = {}) => (await submit((id) => ({ type: 'summarise', id, job }), watch)) as EngineJobs['summarise']['result'],
    close: async () => { await thread.terminate(); },
  };
}
