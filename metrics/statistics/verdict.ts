/**
 * From intervals to a recommendation: the calibrated coefficients only if their gain is proven on held-out prompts,
 * otherwise the baseline (all coefficients 1), which results call `identity`.
 */
import type { GainInterval } from '../../contract/search-result.js';
import { MINIMUM_PROMPTS } from './bootstrap.js';

/** The gain in one score: the objective first, then scores that were not part of it. */
export type Gain = Pick<GainInterval, 'scorer' | 'prompts' | 'gain' | 'low' | 'high'>;

/** A gain that only the score sees that was optimised may be a weakness of that score. */
const alone = (gains: readonly Gain[]): string =>
  gains.length === 1 ? ' It rests on one scorer, the one that was optimised.' : '';

/** What to use, and why. */
export interface Recommendation {
  readonly recommend: 'calibrated' | 'identity' | 'none';
  readonly reason: string;
}

const show = (value: number) => (value > 0 ? `+${value.toPrecision(3)}` : value.toPrecision(3));

const isWorse = ({ high }: Gain): boolean => high < 0;

/** The scores in which the whole interval is below 0, with numbers: the calibrated coefficients are worse in these. */
export const lossesOf = (gains: readonly Gain[]): string[] =>
  gains.filter(isWorse).map(({ scorer, gain, high }) => `${scorer} ${show(gain)} (at most ${show(high)})`);

/**
 * Recommends `calibrated` if the interval is above 0 in every score, otherwise `identity`. The reason for `identity`
 * distinguishes a proven loss (interval below 0) from a gain that is not proven. `none` if there is no gain to judge,
 * or if one is based on fewer than MINIMUM_PROMPTS prompts.
 */
export function verdict(gains: readonly Gain[]): Recommendation {
  if (gains.length === 0) return { recommend: 'none', reason: 'Nothing was measured on held-out prompts.' };
  const few = gains.find(({ prompts }) => prompts < MINIMUM_PROMPTS);
  if (few !== undefined) {
    return {
      recommend: 'none',
      reason: `${few.prompts} held-out prompts are too few for a verdict; it needs at least ${MINIMUM_PROMPTS}.`,
    };
  }
  // Written so that a NaN counts as unproven.
  const unproven = gains.filter(({ low }) => !(low > 0));
  if (unproven.length === 0) {
    const parts = gains.map(({ scorer, gain, low }) => `${scorer} ${show(gain)} (at least ${show(low)})`);
    return {
      recommend: 'calibrated',
      reason: `The gain on held-out prompts is above 0 in both intervals: ${parts.join(', ')}.${alone(gains)}`,
    };
  }
  const losses = lossesOf(unproven);
  const parts = unproven
    .filter((gain) => !isWorse(gain))
    .map(({ scorer, gain, low }) => `${scorer} ${show(gain)} (may be as low as ${show(low)})`);
  const worse = `The calibrated coefficients are worse than the baseline on held-out prompts: ${losses.join(', ')}.`;
  const open = `The gain on held-out prompts is not proven: ${parts.join(', ')}.`;
  return {
    recommend: 'identity',
    reason: [...(losses.length > 0 ? [worse] : []), ...(parts.length > 0 ? [open] : [])].join(' '),
  };
}
