/**
 * QschedError -> Temporal failure: what trying again cannot fix is never retried.
 */
import { ApplicationFailure } from '@temporalio/common';
import { QschedError } from '../contract/errors.js';

/** Runs an activity's body; a final error becomes a non-retryable failure with the same sentence. */
export async function asActivity<T>(body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof QschedError)) throw error;
    const message = error.hint === '' ? error.message : `${error.message} ${error.hint}`;
    throw ApplicationFailure.create({
      message,
      type: error.code,
      nonRetryable: error.final,
      details: [error.message, error.hint],
    });
  }
}
