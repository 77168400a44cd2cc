/**
 * Starts the engine's thread.
 */
import { startThread } from '../../threads/thread-client.js';
import type { Watch } from '../../threads/thread-messages.js';
import type { EngineJobs, EngineThreadData } from './engine-messages.js';

/** A scoring engine on its own thread; jobs run one after another. */
export interface EngineClient {
  readonly data: EngineThreadData;
  /** Scores candidates on pairs. */
  score(job: EngineJobs['score']['job'], watch?: Watch): Promise<EngineJobs['score']['result']>;
  /** Generates, scores and keeps one shard of an evaluation. */
  render(job: EngineJobs['render']['job'], watch?: Watch): Promise<EngineJobs['render']['result']>;
  /** Compares images with those of a reference. */
  compare(job: EngineJobs['compare']['job'], watch?: Watch): Promise<EngineJobs['compare']['result']>;
  /** Fits PTQD. */
  fit(job: EngineJobs['fit']['job'], watch?: Watch): Promise<EngineJobs['fit']['result']>;
  /** Matches a quantised network with the full-precision one by least squares. */
  match(job: EngineJobs['match']['job'], watch?: Watch): Promise<EngineJobs['match']['result']>;
  close(): Promise<void>;
}

/** Starts the thread; models are loaded when a job first needs them. */
export function startEngine(data: EngineThreadData): EngineClient {
  const thread = startThread<EngineJobs>(new URL('./engine-thread.js', import.meta.url), data, 'scoring');
  return {
    data,
    score: (job, watch) => thread.submit('score', job, watch),
    render: (job, watch) => thread.submit('render', job, watch),
    compare: (job, watch) => thread.submit('compare', job, watch),
    fit: (job, watch) => thread.submit('fit', job, watch),
    match: (job, watch) => thread.submit('match', job, watch),
    close: () => thread.close(),
  };
}
