/**
 * Workflows of earlier releases that are gone. They stay registered, so that starting one fails with a sentence.
 */
import { QschedError } from '../contract/errors.js';
import { asFailure } from './failure.js';

/** Compared several schedules of one network; 0.1 only. */
export async function compare(): Promise<never> {
  throw asFailure(
    new QschedError(
      'usage',
      'The workflow "compare" was removed.',
      'Use `npx qsched evaluate`, or start the workflow "evaluate" with one row per schedule.',
    ),
  );
}
