/**
 * Starting a search, and following it to its end.
 */
import { createHash } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { canonicalJson } from '../../spec/canonical-json.js';
import { messageOf, QschedError } from '../../spec/errors.js';
import type { SearchProgress, SearchResult } from '../../spec/payloads.js';
import type { SearchSpec } from '../../spec/search-spec.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import type { ProgressLine } from './progress-line.js';

const POLL_MILLISECONDS = 1000;
const ANSWER_MILLISECONDS = 3000;
const OUTAGE_MILLISECONDS = 60_000;
/** A call that lasted longer than this had reached the server. */
const QUICK_MILLISECONDS = 30_000;

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

/**
 * Starts the workflow; one that runs already is left as it is, unless it is to be replaced.
 *
 * @param replace ends a running workflow of this id first: everything it scored is in the database
 */
export async function startSearch(client: Client, searchId: string, spec: SearchSpec, replace = false): Promise<void> {
  try {
    await client.workflow.start('search', {
      taskQueue: WORKFLOW_QUEUE,
      workflowId: searchId,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      workflowIdConflictPolicy: replace ? WorkflowIdConflictPolicy.TERMINATE_EXISTING : WorkflowIdConflictPolicy.FAIL,
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
 * @param signal stops following: the promise then stays pending
 * @throws QschedError: the search failed, was cancelled or terminated
 */
export async function followSearch(client: Client, searchId: string, line: ProgressLine, signal: AbortSignal): Promise<SearchResult> {
  const handle = client.workflow.getHandle(searchId);
  let over = false;
  let answeredAt = Date.now();
  void poll();
  try {
    return await resultOf();
  } finally {
    over = true;
  }

  async function poll(): Promise<void> {
    while (!over && !signal.aborted) {
      const progress = await Promise.race([handle.query<SearchProgress>('progress').catch(() => null), later(ANSWER_MILLISECONDS)]);
      if (over || signal.aborted) return;
      if (progress === undefined) line.note('waiting for the workers');
      else if (progress === null) line.note('waiting for the server');
      else {
        answeredAt = Date.now();
        line.show(progress);
      }
      await later(POLL_MILLISECONDS);
    }
  }

  async function resultOf(): Promise<SearchResult> {
    for (;;) {
      const asked = Date.now();
      try {
        return (await client.withAbortSignal(signal, () => handle.result())) as SearchResult;
      } catch (error) {
        if (error instanceof WorkflowFailedError) throw asQschedError(error);
        if (signal.aborted) return new Promise(() => undefined);
        if (Date.now() - asked > QUICK_MILLISECONDS) answeredAt = Math.max(answeredAt, asked + QUICK_MILLISECONDS);
        if (Date.now() - answeredAt > OUTAGE_MILLISECONDS) {
          throw new QschedError('failure', `The Temporal server does not answer any more: ${messageOf(error)}`, `What is stored is safe: npx qsched resume ${searchId}`);
        }
        await later(POLL_MILLISECONDS);
      }
    }
  }
}

export function asQschedError({ cause }: WorkflowFailedError): QschedError {
  if (cause instanceof CancelledFailure) return new QschedError('failure', 'The search was cancelled.', 'Go on with `npx qsched resume`.');
  if (cause instanceof TerminatedFailure) return new QschedError('failure', 'The search was terminated.', 'Go on with `npx qsched resume`.');
  if (cause instanceof ApplicationFailure) {
    return new QschedError(cause.type === 'usage' ? 'usage' : 'failure', cause.message, '');
  }
  return new QschedError('failure', messageOf(cause), 'Look at the workflow in the Temporal UI.');
}

const later = (milliseconds: number): Promise<undefined> => new Promise((done) => { setTimeout(() => done(undefined), milliseconds); });
