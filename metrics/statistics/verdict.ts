/**
 * From intervals to a recommendation: the calibrated coefficients only where the gain is
 * proven on prompts that the search never saw, else the identity (all coefficients 1).
 */
import { MINIMUM_PROMPTS, type Interval } from './bootstrap.js';

/** The gain in one score: the objective first, then scores that were not in it. */
export interface Gain {
  /** Name of the score, for the reason. */
  readonly scorer: string;
  readonly prompts: number;
  readonly gain: number;
  readonly percentile: Interval;
  readonly studentised: Interval;
}

/** What to use, and why. */
export interface Recommendation {
  readonly recommend: 'calibrated' | 'identity' | 'none';
  readonly reason: string;
}

const show = (value: number) => (value > 0 ? `+${value.toPrecision(3)}` : value.toPrecision(3));

/** The lower of the two lower ends. */
function lowest(gain: Gain): number {
  return Math.min(gain.percentile.low, gain.studentised.low);
}

/** The higher of the two upper ends. */
function highest(gain: Gain): number {
  return Math.max(gain.percentile.high, gain.studentised.high);
}

const isWorse = (gain: Gain): boolean => highest(gain) < 0;

/** The scores in which both intervals lie below 0, with numbers: there the calibrated coefficients are worse. */
export const lossesOf = (gains: readonly Gain[]): string[] =>
  gains.filter(isWorse).map((gain) => `${gain.scorer} ${show(gain.gain)} (at most ${show(highest(gain))})`);

/**
 * Recommends `calibrated` where in every score both intervals lie above 0, else `identity`.
 * The reason of `identity` tells a proven loss, both intervals below 0, from a gain that is not proven.
 * `none` where there is no gain to judge, or one rests on fewer than MINIMUM_PROMPTS prompts.
 */
export function verdict(gains: readonly Gain[]): Recommendation {
  if (gains.length === 0) return { recommend: 'none', reason: 'Nothing was measured on held-out prompts.' };
  const few = gains.find((gain) => gain.prompts < MINIMUM_PROMPTS);
  if (few !== undefined) {
    return {
      recommend: 'none',
      reason: `${few.prompts} held-out prompts are too few for a verdict; it needs at least ${MINIMUM_PROMPTS}.`,
    };
  }
  // Written so that a NaN counts as unproven.
  const unproven = gains.filter((gain) => !(lowest(gain) > 0));
  if (unproven.length === 0) {
    const parts = gains.map((gain) => `${gain.scorer} ${show(gain.gain)} (at least ${show(lowest(gain))})`);
    return {
      recommend: 'calibrated',
      reason: `The gain on held-out prompts is above 0 in both intervals: ${parts.join(', ')}.`,
    };
  }
  const losses = lossesOf(unproven);
  const parts = unproven
    .filter((gain) => !isWorse(gain))
    .map((gain) => `${gain.scorer} ${show(gain.gain)} (may be as low as ${show(lowest(gain))})`);
  const worse = `The calibrated coefficients are worse than the identity on held-out prompts: ${losses.join(', ')}.`;
  const open = `The gain on held-out prompts is not proven: ${parts.join(', ')}.`;
  return {
    recommend: 'identity',
    reason: [...(losses.length > 0 ? [worse] : []), ...(parts.length > 0 ? [open] : [])].join(' '),
  };
}
