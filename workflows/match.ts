/**
 * The `match` workflow: a least-squares match for one model, precision and scheduler.
 */
import { QschedError } from '../contract/errors.js';
import { MatchInput, type FitResult } from '../contract/fit-payloads.js';
import { readSearchSpec } from '../contract/validate.js';
import { asFailure } from './failure.js';
import { describeAndFit } from './fit.js';
import { markRelease } from './release.js';

/** @param input `{search}`: of it only `model` is required */
export async function match(input: unknown): Promise<FitResult> {
  markRelease();
  try {
    const read = MatchInput.safeParse(input);
    if (!read.success) {
      const issue = read.error.issues[0]!;
      throw new QschedError(
        'usage',
        `match: ${issue.path.join('.') || 'the input'}: ${issue.message}.`,
        'For example: {"search": {"model": "shapes"}}',
      );
    }
    const { search } = read.data;
    return await describeAndFit({ method: 'match' }, search, readSearchSpec(search));
  } catch (error) {
    throw asFailure(error);
  }
}
