/**
 * Terms of candidates that were raced out, estimated from the images that they have (stored-scores.ts says how).
 */
import type { ObjectiveChoice } from '../contract/search-spec.js';
import type { MeanTerms } from '../metrics/objectives/jaq.js';
import { storedObjective, storedScore } from './stored-scores.js';
import { comparable, type Calibration, type StoredTrial } from './stored-terms.js';

/** A trial that was raced out, with estimates. */
export interface RacedTerms extends MeanTerms {
  readonly trial: StoredTrial;
}

/** What is estimated. */
interface RacedOptions {
  /** A stored score to use as image quality instead of the objective's own. */
  readonly quality?: string | undefined;
  /** So many of the trials with the best stored scores; by default all. */
  readonly most?: number;
}

/**
 * In the order in which they were asked; without those of which an image is not stored.
 *
 * @throws QschedError (usage) if the score for quality is not stored
 */
export function racedTerms(
  calibration: Calibration,
  objective: ObjectiveChoice,
  { quality, most = Infinity }: RacedOptions = {},
): RacedTerms[] {
  const raced = comparable(calibration)
    .filter(({ status }) => status === 'raced')
    .sort((a, b) => b.score! - a.score!)
    .slice(0, most);
  if (raced.length === 0) return [];
  const plan = storedObjective(objective);
  const score = (name: string) =>
    storedScore(calibration, objective, { field: '--pair', name, direction: 'higher' }).of;
  const tc = plan.text.length === 0 ? () => null : score('text');
  const own = plan.quality.length === 0 ? () => null : score('quality');
  const iq = quality === undefined ? own : score(quality);
  return raced
    .map((trial) => ({ trial, tc: tc(trial), iq: iq(trial) }))
    .filter((one) => !Number.isNaN(one.tc ?? 0) && !Number.isNaN(one.iq ?? 0))
    .sort((a, b) => a.trial.trial - b.trial.trial);
}
