/**
 * The `ptqd` workflow: PTQD for one model, precision and scheduler.
 */
import { QschedError } from '../contract/errors.js';
import { PtqdInput, type FitResult } from '../contract/fit-payloads.js';
import { readSearchSpec } from '../contract/validate.js';
import { asFailure } from './failure.js';
import { describeAndFit } from './fit.js';
import { markRelease } from './release.js';

/** @param input a PtqdInput as a user wrote it: only `search.model` is required */
export async function ptqd(input: unknown): Promise<FitResult> {
  markRelease();
  try {
    const read = PtqdInput.safeParse(input);
    if (!read.success) {
      const issue = read.error.issues[0]!;
      throw new QschedError(
        'usage',
        `ptqd: ${issue.path.join('.') || 'the input'}: ${issue.message}.`,
        'For example: {"search": {"model": "shapes"}, "gamma": "std", "bias": "channel"}',
      );
    }
    const { search, gamma, bias } = read.data;
    return await describeAndFit({ method: 'ptqd', gamma, bias }, search, readSearchSpec(search));
  } catch (error) {
    throw asFailure(error);
  }
}
