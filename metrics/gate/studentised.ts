/**
 * Critical values of the studentised mean of prompts, t = (mean - truth) / (sd / sqrt(n)), at the level of a look.
 *
 * Bootstrap-t (Efron and Tibshirani 1993, ch. 12): the quantiles of t* = (mean* - mean) / (sd* / sqrt(n)) over resamples of
 * the prompts. Where a few prompts lose much more than the others, Student's quantile lets too many candidates pass; this one
 * does not. It is never below Student's, for it is itself an estimate.
 *
 * Early looks test at levels that no number of resamples reaches. What t* has more than Student's t is therefore carried from the
 * last quantile that they do reach to the level that is asked for, in the form that Edgeworth's expansion gives it (Hall 1992,
 * section 2.4): proportional to 2 z^2 + 1, and to 1 / sqrt(n).
 */
import { studentOf, upperQuantile, upperTail } from './normal.js';
import type { PromptValues } from './prompt-values.js';

const { max, sqrt } = Math;

/** Quantiles with at least so many resamples beyond them are taken as they are. */
const ENOUGH = 10;

/**
 * The skewness of few values is smaller than that of what they are drawn from: few of them are among the rare ones. The factor
 * 1 + UNSEEN / n was chosen with exponential noise.
 */
const UNSEEN = 20;
/**
 * In place of the 1 in 2 z^2 + 1 where the number of prompts follows from their spread. A lucky sample without rare losses has a high
 * mean and a small spread at once, and gets fewer prompts: with skewness g the statistic is shifted by -g / (2 sqrt(n)), which to
 * first order asks for 4; with exponential noise there is more to it.
 */
const RENEWED = 6;

/** t* of every resample, in their order; 0 for one without any spread. */
export function studentisedResamples(
  { values, mean, sd }: PromptValues,
  indices: Uint16Array | Uint32Array,
): Float64Array {
  const n = values.length;
  const resamples = indices.length / n;
  const centred = values.map((value) => value - mean);
  const negligible = sd * sd * n * 1e-12;
  const ratios = new Float64Array(resamples);
  for (let r = 0, at = 0; r < resamples; r += 1) {
    let sum = 0;
    let square = 0;
    for (const end = at + n; at < end; at += 1) {
      const value = centred[indices[at]!]!;
      sum += value;
      square += value * value;
    }
    const within = square - (sum * sum) / n;
    ratios[r] = within > negligible ? sum / sqrt((within * n) / (n - 1)) : 0;
  }
  return ratios;
}

/** Critical values, in standard errors, above 0: of the lower bound and of the upper one. */
export interface Critical {
  /** @param z of the level on the scale of a standard normal statistic; @param n prompts, by default those that were resampled */
  readonly lower: (z: number, n?: number) => number;
  readonly upper: (z: number, n?: number) => number;
}

/** @param ratios t* of the resamples; @param prompts of which they are */
export function studentisedQuantiles(ratios: Float64Array, prompts: number): Critical {
  const sorted = ratios.toSorted();
  const mirrored = sorted.map((_, i) => -sorted[sorted.length - 1 - i]!);
  return { lower: quantiles(sorted, prompts), upper: quantiles(mirrored, prompts) };
}

/** Of the upper tail of t*. */
function quantiles(sorted: Float64Array, prompts: number): Critical['lower'] {
  const draws = sorted.length + 1;
  const lastTail = ENOUGH / draws;
  const lastZ = upperQuantile(lastTail);
  const skewness = (tail: number, z: number): number => {
    const excess = upperOrder(sorted, tail * draws) - studentOf(z, prompts - 1);
    return (max(0, excess) / (2 * z * z + 1)) * (1 + UNSEEN / prompts);
  };
  return (z, n = prompts) => {
    const tail = upperTail(z);
    const share = tail >= lastTail ? skewness(tail, z) : skewness(lastTail, lastZ);
    return studentOf(z, n - 1) + share * (2 * z * z + RENEWED) * sqrt(prompts / n);
  };
}

/** The value with `beyond` - 1 of the values above it, interpolated: beyond / (n + 1) of what is drawn alike exceeds it. */
function upperOrder(sorted: Float64Array, beyond: number): number {
  const at = sorted.length - beyond;
  const below = Math.min(sorted.length - 1, max(0, Math.floor(at)));
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * max(0, at - below);
}
