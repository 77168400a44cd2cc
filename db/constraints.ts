/**
 * Which calibration trials keep a gain over the baseline, from stored terms.
 */
import { QschedError } from '../contract/errors.js';
import type { ObjectiveChoice } from '../contract/search-spec.js';
import { comparable, type Calibration } from './stored-terms.js';
import { storedScore } from './stored-scores.js';

/** The least gain over the baseline in each score; a gain is an improvement, whichever direction is better. */
export type AtLeast = Readonly<Record<string, number>>;

/**
 * Numbers of the trials that can be compared and whose gain over the baseline is at least the number in every score, the baseline among
 * them if it is. Scores that are better in neither direction count as they are.
 *
 * @param field what names the scores, for messages
 * @throws QschedError (usage) for a score that is not stored, (failure) if the baseline is not scored yet
 */
export function keepingTrials(
  calibration: Calibration,
  choice: ObjectiveChoice,
  atLeast: AtLeast,
  field: string,
): Set<number> {
  const scored = comparable(calibration);
  const baseline = scored.find(({ trial }) => trial === 0);
  let kept = scored;
  for (const [name, least] of Object.entries(atLeast)) {
    if (baseline === undefined) {
      throw new QschedError('failure', 'The baseline is not scored yet, so no gain over it is known.', '');
    }
    const { of } = storedScore(calibration, choice, { field, name });
    const reference = of(baseline);
    kept = kept.filter((trial) => of(trial) - reference >= least);
  }
  return new Set(kept.map(({ trial }) => trial));
}
