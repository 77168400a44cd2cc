/**
 * How a workflow fails: at once, and with the sentence that a person reads.
 */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import { QschedError } from '../contract/errors.js';

/** A failure that ends the workflow at once; its message is one sentence and what to do. */
export function asFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const cause = error instanceof Error ? { cause: error } : {};
  return ApplicationFailure.create({ message: explain(error), type: typeOf(error), nonRetryable: true, ...cause });
}

/** Runs `body`; what it throws becomes a failure of the workflow. */
export function orFailure<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw asFailure(error);
  }
}

/** Whether an activity was not begun in time. */
export const isUnbegun = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof TimeoutFailure &&
  error.cause.timeoutType === 'SCHEDULE_TO_START';

/** The sentence that a person reads; a wait for a worker that ended in vain says so. */
export function explain(error: unknown): string {
  if (isUnbegun(error)) {
    return 'No worker served the queue in time. Start one with `npx qsched worker`, then `npx qsched resume`.';
  }
  if (error instanceof ActivityFailure) return error.cause?.message ?? error.message;
  if (error instanceof ChildWorkflowFailure) {
    const { workflowType, execution } = error;
    return `The ${workflowType} ${execution.workflowId} failed: ${explain(error.cause)}`;
  }
  if (error instanceof QschedError) return `${error.message} ${error.hint}`.trim();
  return error instanceof Error ? error.message : String(error);
}

function typeOf(error: unknown): string {
  if (error instanceof QschedError) return error.code;
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? (cause.type ?? 'failure') : 'failure';
}
