/**
 * Starting a search, and following it to its end.
 */
import { createHash } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, WorkflowIdReusePolicy } from '@temporalio/common';
import { canonicalJson } from '../spec/canonical-json.js';
import { messageOf, QschedError } from '../spec/errors.js';
import type { SearchProgress, SearchResult } from '../spec/payloads.js';
import type { SearchSpec } from '../spec/search-spec.js';
import { WORKFLOW_QUEUE } from '../temporal/queues.js';
import type { ProgressLine } from './progress-line.js';

const POLL_MILLISECONDS = 1000;
const OUTAGE_MILLISECONDS = 60_000;

/** The same spec has the same id: `shapes-w4a8-cma-es-1a2b3c4d`. */
export function searchIdOf(spec: SearchSpec): string {
  const hash = createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 8);
  return `${spec.model}-${spec.precision}-${spec.optimizer.type}-${hash}`;
}

/** Whether the workflow of a search runs now. */
export async function isRunning(client: Client, searchId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(searchId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Starts the workflow; one that runs already is left as it is. */
export async function startSearch(client: Client, searchId: string, spec: SearchSpec): Promise<void> {
  try {
    await client.workflow.start('search', {
      taskQueue: WORKFLOW_QUEUE,
      workflowId: searchId,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      args: [spec],
      staticSummary: `${spec.model} ${spec.precision}, ${spec.scheduler.steps} steps, ${spec.optimizer.type}, ${spec.optimizer.budget} trials`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/**
 * Follows a search until it ends; survives a server that is away for a minute.
 *
 * @throws QschedError: the search failed, was cancelled or terminated
 */
export async function followSearch(client: Client, searchId: string, line: ProgressLine): Promise<SearchResult> {
  const handle = client.workflow.getHandle(searchId);
  let over = false;
  const poll = async (): Promise<void> => {
    const began = Date.now();
    while (!over) {
      try {
        const progress = await Promise.race([handle.query<SearchProgress>('progress'), later(3000)]);
        if (over) return;
        if (progress === undefined) line.note(`waiting for the workers, ${Math.round((Date.now() - began) / 1000)} s`);
        else line.show(progress);
      } catch {
        if (!over) line.note(`waiting for the server, ${Math.round((Date.now() - began) / 1000)} s`);
      }
      await later(POLL_MILLISECONDS);
    }
  };
  const polling = poll();
  try {
    return await resultOf();
  } finally {
    over = true;
    line.end();
    void polling;
  }

  async function resultOf(): Promise<SearchResult> {
    let away = 0;
    for (;;) {
      try {
        return (await handle.result()) as SearchResult;
      } catch (error) {
        if (error instanceof WorkflowFailedError) throw asQschedError(error);
        away ||= Date.now();
        if (Date.now() - away > OUTAGE_MILLISECONDS) {
          throw new QschedError('failure', `The Temporal server does not answer any more: ${messageOf(error)}`, `What is stored is safe: npx qsched resume ${searchId}`);
        }
        await later(POLL_MILLISECONDS);
      }
    }
  }
}

function asQschedError({ cause }: WorkflowFailedError): QschedError {
  if (cause instanceof CancelledFailure) return new QschedError('failure', 'The search was cancelled.', 'Go on with `npx qsched resume`.');
  if (cause instanceof TerminatedFailure) return new QschedError('failure', 'The search was terminated.', 'Go on with `npx qsched resume`.');
  if (cause instanceof ApplicationFailure) {
    return new QschedError(cause.type === 'usage' ? 'usage' : 'failure', cause.message, '');
  }
  return new QschedError('failure', messageOf(cause), 'Look at the workflow in the Temporal UI.');
}

const later = (milliseconds: number): Promise<undefined> => new Promise((done) => { setTimeout(() => done(undefined), milliseconds).unref(); });
