/** Every score of a gate as values of prompts, resampled together. */
import { QschedError } from '../../contract/errors.js';
import { MINIMUM_PROMPTS } from '../statistics/bootstrap.js';
import type { GateSamples } from './gate-samples.js';
import { promptValues, type PromptValues } from './prompt-values.js';
import type { Resamples } from './resamples.js';
import { studentisedQuantiles, studentisedResamples, type Critical } from './studentised.js';

export interface MeasuredScore extends PromptValues {
  readonly samples: GateSamples;
  /** t* of every resample. */
  readonly ratios: Float64Array;
  readonly critical: Critical;
}

/**
 * @throws QschedError (usage) for no scores or too few prompts; (failure) for scores of different numbers of prompts
 */
export function measureScores(all: readonly GateSamples[], resamples: Resamples): MeasuredScore[] {
  if (all.length === 0) throw new QschedError('usage', 'The gate has no scores.', 'Name at least one.');
  const measured = all.map((samples) => ({ samples, ...promptValues(samples) }));
  const prompts = measured[0]!.values.length;
  if (measured.some(({ values }) => values.length !== prompts)) {
    throw new QschedError('failure', 'The scores of the gate are of different numbers of prompts.');
  }
  if (prompts < MINIMUM_PROMPTS) {
    throw new QschedError(
      'usage',
      `${prompts} prompts are too few for a verdict; it needs at least ${MINIMUM_PROMPTS}.`,
      `Give ${MINIMUM_PROMPTS} prompts or more.`,
    );
  }
  const indices = resamples(prompts);
  return measured.map((one) => {
    const ratios = studentisedResamples(one, indices);
    return { ...one, ratios, critical: studentisedQuantiles(ratios, prompts) };
  });
}
