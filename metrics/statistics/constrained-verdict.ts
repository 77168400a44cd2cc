/**
 * A recommendation under constraints: the finalist's gains in the constrained scores on held-out prompts.
 */
import type { GainInterval, HeldConstraint } from '../../contract/search-result.js';
import type { Recommendation } from './verdict.js';

/** A constraint with the finalist's gain in its score. */
export interface ConstrainedGain extends Pick<GainInterval, 'gain' | 'low' | 'high'> {
  readonly name: string;
  readonly atLeast: number;
}

/** A constraint is kept if the mean gain is large enough, as it was asked of the calibration; a NaN keeps none. */
export const heldConstraint = ({ name, atLeast, gain, low, high }: ConstrainedGain): HeldConstraint => ({
  name,
  atLeast,
  gain,
  low,
  high,
  kept: gain >= atLeast,
});

const show = (value: number): string => `${value > 0 ? '+' : ''}${Number(value.toPrecision(3))}`;

/**
 * The finalist is recommended only if it keeps every constraint on average; the reason says where the interval leaves that
 * open.
 *
 * @param unmet why the finalist is the baseline itself: no candidate keeps the constraints
 */
export function constrainedVerdict(
  { recommend, reason }: Recommendation,
  constraints: readonly HeldConstraint[],
  unmet: string | null,
): Recommendation {
  if (unmet !== null) return { recommend: 'identity', reason: unmet };
  const missed = constraints.filter(({ kept }) => !kept);
  const open = constraints.filter(({ kept, low, atLeast }) => kept && !(low >= atLeast));
  const sentences = [
    ...missed.map(
      ({ name, atLeast, gain, low, high }) =>
        `The constraint on ${name} is missed: ${show(gain)} [${show(low)}, ${show(high)}], where at least ${show(atLeast)} is asked for.`,
    ),
    ...open.map(
      ({ name, atLeast, gain, low }) =>
        `The constraint on ${name} is kept on average (${show(gain)}), but not proven: it may be as low as ${show(low)}, where at least ${show(atLeast)} is asked for.`,
    ),
  ];
  return {
    recommend: missed.length > 0 && recommend === 'calibrated' ? 'identity' : recommend,
    reason: [reason, ...sentences].join(' '),
  };
}
