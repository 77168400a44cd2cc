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

/** The updates of the workflow `search` (workflows/search/updates.ts). */
export type UpdateName = 'pause' | 'unpause' | 'stop' | 'extend' | 'enqueue' | 'priority';

/**
 * Sends an update, and waits until it is accepted and stored.
 *
 * @returns the workflow's sentence
 * @throws QschedError (usage): what the workflow refuses; (failure): it does not run, or no worker answers
 */
export async function sendUpdate(client: Client, searchId: string, name: UpdateName, input?: unknown): Promise<string> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_MILLISECONDS, () =>
      client.workflow.getHandle(searchId).executeUpdate<string, [unknown]>(name, { args: [input] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      const { cause } = error;
      const known = cause instanceof ApplicationFailure ? cause.message : (cause?.message ?? error.message);
      throw new QschedError('usage', known, '');
    }
    if (error instanceof WorkflowNotFoundError) throw notRunning(searchId);
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error)) {
      throw new QschedError(
        'failure',
        `The search ${searchId} did not answer within ${ANSWER_MILLISECONDS / 1000} s.`,
        `It may be busy, or its workers are gone: npx qsched doctor --workflow ${searchId}`,
      );
    }
    throw error;
  }
}

/** The error for a search whose workflow does not run. */
export const notRunning = (searchId: string): QschedError =>
  new QschedError(
    'failure',
    `The search ${searchId} does not run now.`,
    `Continue or extend it: npx qsched resume ${searchId} [--budget N]. See npx qsched status ${searchId}`,
  );
