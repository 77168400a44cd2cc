/**
 * Updates of a search that runs, from the command line.
 */
import {
  type Client,
  isGrpcDeadlineError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { QschedError } from '../../contract/errors.js';

const ANSWER_MILLISECONDS = 30_000;

/** The updates of the workflow `search` (workflows/search/updates.ts); `evaluate` and `gate` take those that hold them, and their priority. */
export type UpdateName = 'pause' | 'unpause' | 'stop' | 'extend' | 'enqueue' | 'priority';

/** A workflow that takes updates. */
export interface Steered {
  readonly id: string;
  readonly what: 'search' | 'evaluation' | 'gate';
}

/**
 * Sends an update, and waits until it is accepted and stored.
 *
 * @returns the workflow's sentence
 * @throws QschedError (usage): what the workflow refuses; (failure): it does not run, or no worker answers
 */
export async function sendUpdate(client: Client, steered: Steered, name: UpdateName, input?: unknown): Promise<string> {
  const { id, what } = steered;
  try {
    return await client.withDeadline(Date.now() + ANSWER_MILLISECONDS, () =>
      client.workflow.getHandle(id).executeUpdate<string, [unknown]>(name, { args: [input] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      const { cause } = error;
      const known = cause instanceof ApplicationFailure ? cause.message : (cause?.message ?? error.message);
      throw new QschedError('usage', known, '');
    }
    if (error instanceof WorkflowNotFoundError) throw notRunning(steered);
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error)) {
      throw new QschedError(
        'failure',
        `The ${what} ${id} did not answer within ${ANSWER_MILLISECONDS / 1000} s.`,
        `It may be busy, or its workers are gone: npx qsched doctor --workflow ${id}`,
      );
    }
    throw error;
  }
}

/** The error for a workflow that does not run. */
export const notRunning = ({ id, what }: Steered): QschedError =>
  new QschedError(
    'failure',
    `The ${what} ${id} does not run now.`,
    what === 'search'
      ? `Continue or extend it: npx qsched resume ${id} [--budget N]. See npx qsched status ${id}`
      : 'Run it again with the same command: images that are made are reused.',
  );
