/**
 * The sentences of a verdict, which the command line and reports share.
 */
import type { LinearComparison, RepairSplit, SearchResult } from '../../contract/search-result.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { signed, signedInterval, spread } from './numbers.js';
import { repairFormula, scoreFormula } from './objective-text.js';

const RECOMMENDED = {
  calibrated: 'the finalist',
  identity: 'the baseline (leave the scheduler as it is)',
  none: 'nothing',
} as const;

/** What to use. Of two solutions that both gain, the one with fewer numbers unless the other is better. */
export function recommended({ heldOut, linear }: Pick<SearchResult, 'heldOut' | 'linear'>): string {
  if (heldOut.recommend !== 'calibrated' || linear?.recommend !== 'linear') return RECOMMENDED[heldOut.recommend];
  return `the linear finalist of ${linear.searchId}, if its own verdict says so (npx qsched best ${linear.searchId})`;
}

/** `text + 2 x quality`, or what a search for repair maximises. */
export const formulaOf = (
  { goal, identity }: Pick<SearchResult, 'goal' | 'identity'>,
  objective: Pick<ObjectiveChoice, 'type' | 'k' | 'weights'>,
): string => (goal === 'repair' ? repairFormula(objective, identity.terms) : scoreFormula(objective, identity.terms));

/** What the finalist must keep, on the held-out prompts. */
export const constraintSentences = ({ constraints = [] }: Pick<SearchResult['heldOut'], 'constraints'>): string[] =>
  constraints.map(
    ({ name, atLeast, gain, low, high, kept }) =>
      `constraint: a gain of at least ${signed(atLeast)} in ${name}: ${signed(gain)} ${signedInterval({ low, high })}, ` +
      `${kept ? 'kept' : 'missed'}${kept && low < atLeast ? ' on average' : ''}`,
  );

/** How much better the finalist looked on the prompts that chose it; null for results without these numbers. */
export function biasSentence({
  gain,
  calibrationGain,
  optimism,
}: Pick<SearchResult['heldOut'], 'gain'> & Partial<SearchResult['heldOut']>): string | null {
  if (typeof calibrationGain !== 'number' || typeof optimism !== 'number') return null;
  const advice = optimism > 0 ? '; expect the held-out figure' : '';
  const gains = `the gain was ${signed(calibrationGain)} on the calibration prompts and ${signed(gain)} on held-out ones`;
  return `selection bias ${signed(optimism)}: ${gains}${advice}`;
}

/** Which of the linear and the per-step solution to use. */
export const linearSentence = ({ searchId, scorers, recommend }: LinearComparison): string => {
  if (scorers.length === 0) return `the linear finalist of ${searchId} could not be compared: its images failed`;
  return recommend === 'per-step'
    ? 'two coefficients per step are better than linear ones on held-out prompts'
    : `two coefficients per step are not proven better than linear ones: use those of ${searchId} (npx qsched export ${searchId})`;
};

/** `49 % [41 %, 56 %]` */
export const shareText = ({ value, low, high }: NonNullable<RepairSplit['share']>): string =>
  spread(value, low, high, 0, (one) => `${Math.round(100 * one) + 0} %`);
