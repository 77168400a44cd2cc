/**
 * Starts the compute thread, for everything that would block the event loop for longer than a moment.
 */
import { startThread } from '../threads/thread-client.js';
import type { Watch } from '../threads/thread-messages.js';
import type { ComputeJobs, ComputeThreadData } from './compute-messages.js';

/** Verdicts, summaries and proposals, one after another. */
export interface ComputeClient {
  /** The verdict of a search, from the database. */
  judge(job: ComputeJobs['judge']['job'], watch?: Watch): Promise<ComputeJobs['judge']['result']>;
  /** A look at a gate, from its artefacts. */
  look(job: ComputeJobs['look']['job'], watch?: Watch): Promise<ComputeJobs['look']['result']>;
  /** Holds the record of a reference against what a gate needs; the prompts that it has. */
  checkBaseline(job: ComputeJobs['checkBaseline']['job'], watch?: Watch): Promise<number>;
  /** Images of folders, into the artefact folder. */
  readFolders(job: ComputeJobs['readFolders']['job'], watch?: Watch): Promise<ComputeJobs['readFolders']['result']>;
  /** One row of an evaluation, from its artefacts. */
  summarise(job: ComputeJobs['summarise']['job'], watch?: Watch): Promise<ComputeJobs['summarise']['result']>;
  /** The next points of an optimizer. */
  propose(job: ComputeJobs['propose']['job'], watch?: Watch): Promise<ComputeJobs['propose']['result']>;
  /** The candidates of a search that may be its finalist, from the database. */
  rank(job: ComputeJobs['rank']['job'], watch?: Watch): Promise<ComputeJobs['rank']['result']>;
  close(): Promise<void>;
}

/** Starts the thread. */
export function startCompute(data: ComputeThreadData): ComputeClient {
  const thread = startThread<ComputeJobs>(new URL('./compute-thread.js', import.meta.url), data, 'compute');
  return {
    judge: (job, watch) => thread.submit('judge', job, watch),
    look: (job, watch) => thread.submit('look', job, watch),
    checkBaseline: (job, watch) => thread.submit('checkBaseline', job, watch),
    readFolders: (job, watch) => thread.submit('readFolders', job, watch),
    summarise: (job, watch) => thread.submit('summarise', job, watch),
    propose: (job, watch) => thread.submit('propose', job, watch),
    rank: (job, watch) => thread.submit('rank', job, watch),
    close: () => thread.close(),
  };
}
