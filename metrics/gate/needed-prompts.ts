/**
 * How many prompts it takes until every score clears its critical value with the wanted probability, all of them together.
 *
 * With n prompts a score's statistic is sqrt(n) gap / sd + t, where the gap is the distance of its true mean from the floor.
 * How the scores vary together is taken from the resamples: each gives one t per score, all of the same prompts.
 */
import { MINIMUM_PROMPTS } from '../statistics/bootstrap.js';

const { floor, min, sqrt } = Math;

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
  const [first, ...others] = targets.map(({ ratios }) => ratios);
  const resamples = first!.length;
  let cleared = 0;
  for (let r = 0; r < resamples; r += 1) {
    let all = first![r]! >= least[0]!;
    for (let j = 0; all && j < others.length; j += 1) all = others[j]![r]! >= least[j + 1]!;
    if (all) cleared += 1;
  }
  return cleared / resamples;
}

/** The smallest number of prompts with this power, at least that of a verdict; null beyond a million. */
export function neededPrompts(targets: readonly Target[], power: number): number | null {
  let low = MINIMUM_PROMPTS - 1;
  let high = MINIMUM_PROMPTS;
  while (powerAt(targets, high) < power) {
    if (high >= MOST) return null;
    [low, high] = [high, min(MOST, 2 * high)];
  }
  while (high - low > 1) {
    const middle = floor((low + high) / 2);
    if (powerAt(targets, middle) < power) low = middle;
    else high = middle;
  }
  return high;
}
