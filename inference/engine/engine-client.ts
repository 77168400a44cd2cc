/**
 * The near end of the engine's thread: jobs in, results out, the event loop stays free.
 */
import { Worker } from 'node:worker_threads';
import { QschedError } from '../../contract/errors.js';
import type {
  EngineJob,
  EngineJobs,
  EngineThreadData,
  FitJob,
  FitJobResult,
  FromEngine,
  ScoreJob,
  ScoreJobResult,
  ToEngine,
} from './engine-messages.js';

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
  /** One row of an evaluation from what is kept; `signal` is heard between two distances. */
  summarise(job: EngineJobs['summarise']['job'], options?: Watch): Promise<EngineJobs['summarise']['result']>;
  close(): Promise<void>;
}

/** How a job is followed and stopped. */
interface Watch {
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

type JobName = keyof EngineJobs;
type Result = EngineJobs[JobName]['result'];

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((share: number) => void) | undefined;
}

/** The thread, and the jobs that it has not answered yet. */
interface Line {
  readonly thread: Worker;
  readonly waiting: Map<number, Waiting>;
  next: number;
  /** Why there are no more answers. */
  closed?: Error;
}

/** Starts the thread; it loads models when the first job needs them. */
export function startEngine(data: EngineThreadData): EngineClient {
  const thread = new Worker(new URL('./engine-thread.js', import.meta.url), { workerData: data });
  const line: Line = { thread, waiting: new Map(), next: 1 };
  thread.on('error', (error: Error) => failAll(line, error));
  thread.on('exit', (code) => failAll(line, new Error(`The scoring thread ended (code ${code}).`)));
  thread.on('message', (message: FromEngine) => receive(line, message));
  return {
    data,
    score: (job, watch) => submit(line, 'score', job, watch),
    fit: (job, watch) => submit(line, 'fit', job, watch),
    render: (job, watch) => submit(line, 'render', job, watch),
    summarise: (job, watch) => submit(line, 'summarise', job, watch),
    close: async () => {
      await thread.terminate();
    },
  };
}

function submit<T extends JobName>(
  line: Line,
  type: T,
  job: EngineJobs[T]['job'],
  { signal, onProgress }: Watch = {},
): Promise<EngineJobs[T]['result']> {
  return new Promise((resolve, reject) => {
    if (line.closed) return reject(line.closed);
    if (signal?.aborted) return reject(new QschedError('failure', 'Cancelled.'));
    const { thread, waiting } = line;
    const id = line.next;
    line.next += 1;
    const post = (message: ToEngine): void => thread.postMessage(message);
    const cancel = (): void => post({ type: 'cancel', id });
    const settled =
      <V>(end: (value: V) => void) =>
      (value: V): void => {
        signal?.removeEventListener('abort', cancel);
        end(value);
      };
    signal?.addEventListener('abort', cancel, { once: true });
    // The answer to a job is that of its name.
    const done = resolve as (result: Result) => void;
    waiting.set(id, { resolve: settled(done), reject: settled(reject), onProgress });
    post({ type, id, job } as EngineJob);
  });
}

function receive({ waiting }: Line, message: FromEngine): void {
  const job = waiting.get(message.id);
  if (!job) return;
  if (message.type === 'progress') {
    job.onProgress?.(message.share);
    return;
  }
  waiting.delete(message.id);
  if (message.type === 'done') job.resolve(message.result);
  else job.reject(errorOf(message));
}

function errorOf({ code, message, hint, final }: Extract<FromEngine, { type: 'failed' }>): Error {
  return code === 'unexpected' ? new Error(message) : new QschedError(code, message, hint, final);
}

function failAll(line: Line, error: Error): void {
  line.closed = error;
  for (const { reject } of line.waiting.values()) reject(error);
  line.waiting.clear();
}
