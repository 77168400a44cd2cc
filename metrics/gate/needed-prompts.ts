/**
 * How many prompts it takes until every score clears its critical value with the wanted probability, all of them together.
 *
 * With n prompts a score's statistic is sqrt(n) gap / sd + t, where the gap is the distance of its true mean from the floor.
 * How the scores vary together is taken from the resamples: each gives one t per score, all of the same prompts.
 */
import { MINIMUM_PROMPTS } from '../statistics/bootstrap.js';

const { sqrt } = Math;

/** What is told of more prompts than this is that they are more. */
const MOST = 1_000_000;

export interface Target {
  /** Above 0, in the units of `sd`. */
  readonly gap: number;
  readonly sd: number;
  /** t* of every resample. */
  readonly ratios: Float64Array;
  /** Critical value with this many prompts. */
  readonly critical: (prompts: number) => number;
}

/** The share of resamples in which all scores are cleared with this many prompts. */
export function powerAt(targets: readonly Target[], prompts: number): number {
  const least = targets.map(({ gap, sd, critical }) =>
    sd === 0 ? -Infinity : critical(prompts) - (sqrt(prompts) * gap) / sd,
  );
  const resamples = targets[0]!.ratios.length;
  let cleared = 0;
  for (let r = 0; r < resamples; r += 1) if (targets.every(({ ratios }, j) => ratios[r]! >= least[j]!)) cleared += 1;
  return cleared / resamples;
}

/** The smallest number of prompts with this power, at least that of a verdict; null beyond a million. */
export function neededPrompts(targets: readonly Target[], power: number): number | null {
  if (powerAt(targets, MOST) < power) return null;
  let [low, high] = [MINIMUM_PROMPTS - 1, MOST];
  while (high - low > 1) {
    const middle = low + high < 4 * low ? Math.floor((low + high) / 2) : 2 * low;
    if (powerAt(targets, middle) < power) low = middle;
    else high = middle;
  }
  return high;
}
