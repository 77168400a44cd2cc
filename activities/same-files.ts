/**
 * A worker scores with the files that the search was prepared with, or not at all.
 */
import type { NumericClass } from '../inference/models/numeric-class.js';
import { prepareModel } from '../inference/prepare/prepare.js';
import { QschedError } from '../contract/errors.js';
import type { ScoreRequest } from '../contract/payloads.js';

/** The files of this worker must be those that the search was prepared with. */
export async function refuseOtherFiles(
  request: Pick<ScoreRequest, 'model' | 'scheduler'>,
  precision: string,
  contexts: ScoreRequest['contexts'],
  numeric: NumericClass,
): Promise<void> {
  const roles = Object.keys(contexts);
  const { prepared } = await prepareModel(
    { model: request.model, scheduler: request.scheduler, scorers: roles },
    precision,
    numeric,
  );
  const other = roles.find((role) => prepared.contexts[role] !== contexts[role]);
  if (other !== undefined) {
    throw new QschedError(
      'failure',
      `The files of model "${request.model}" or of its scorer "${other}" on this worker differ from those that the search was prepared with.`,
      'Restart the worker after changing model files, and give every worker the same ones.',
    );
  }
}
