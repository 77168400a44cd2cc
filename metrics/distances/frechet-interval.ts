/**
 * How sure a Frechet distance to a fixed reference is: the sampling interval, by the influence
 * function (Hampel 1974), at the price of one distance instead of thousands of a bootstrap.
 *
 * D = |mu1 - mu2|^2 + Tr S1 + Tr S2 - 2 Tr sqrt(S1 S2). Its derivative by S1 is I - T with T the
 * linear map that transports N(0, S1) to N(0, S2) at least cost (Olkin and Pukelsheim 1982), so
 * that an image x of n moves D, a unit of weight, by
 *
 *   IF(x) = 2 (mu1 - mu2).(x - mu1) + n/(n-1) (x - mu1)^T (I - T) (x - mu1) - Tr (I - T) S1.
 *
 * With S = A^T A and the singular values s_k, left and right singular vectors u_k and v_k of A1 A2^T,
 * T = sum_k (A2^T v_k) (A2^T v_k)^T / s_k over s_k > 0: no matrix is inverted, and a singular
 * covariance needs no special case. With p = A2 (x - mu1), the image seen by the reference,
 * (x - mu1)^T T (x - mu1) = sum_k (p.v_k)^2 / s_k; if A1 is the images themselves over sqrt(n - 1),
 * p is a row of A1 A2^T, and the sum is (n - 1) sum_k s_k u_k^2 at that row.
 *
 * Images of one prompt are not independent, so the standard error is that of prompts: with
 * c_g the sum of IF over prompt g of G, se = sqrt(G / (G - 1) sum_g c_g^2) / n, and the quantile
 * is Student's with G - 1 degrees of freedom.
 *
 * The interval is about the spread, not the bias: a distance of n images is too high by about
 * a constant / n. It suits many more images than features, and distances well above that bias;
 * in a difference of two sets of one size most of the bias cancels.
 */
import { QschedError } from '../../contract/errors.js';
import type { Interval } from '../statistics/bootstrap.js';
import { checkDimensions, dotProducts, forEachDot, type Features } from './features.js';
import { betweenGaussians, type GaussianDistance } from './frechet.js';
import { centre, gaussianOf, type FeatureStatistics, type Gaussian } from './gaussian-features.js';
import { studentQuantile } from '../statistics/student.js';

/** A distance to a reference and what each image adds to its spread. */
export interface FrechetEstimate {
  readonly distance: number;
  /** (images), IF of each; their mean is 0. */
  readonly influence: Float64Array;
}

/** A distance, or a difference of two, and how sure it is. */
export interface FrechetInterval extends Interval {
  readonly value: number;
  readonly standardError: number;
  readonly prompts: number;
}

/** The prompt of each image, in their order. */
export type PromptOfImage = ArrayLike<number | string>;

/** Singular values below this part of the largest are rounding. */
const CUTOFF = 1e-13;
const { max, sqrt } = Math;

/**
 * The distance to a reference with the influence of every image.
 *
 * @throws QschedError (failure) as `frechetToStatistics` does
 */
export function frechetEstimate(x: Features, reference: Features | FeatureStatistics): FrechetEstimate {
  checkDimensions(x.dimension, reference.dimension);
  const one = gaussianOf(x);
  const two = gaussianOf(reference);
  const between = betweenGaussians(one, two, true);
  const { rows: n, dimension: d } = x;
  const centred = centre(x).data;

  const influence = transported(centred, n, one, two, between);
  const more = n / (n - 1);
  const nuclear = between.values.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < n; i++) {
    let shift = 0;
    let square = 0;
    for (let c = 0; c < d; c++) {
      const value = centred[i * d + c]!;
      shift += (one.mean[c]! - two.mean[c]!) * value;
      square += value * value;
    }
    influence[i] = 2 * shift + more * (square - influence[i]!) - (one.trace - nuclear);
  }
  return { distance: between.distance, influence };
}

/** (x - mu1)^T T (x - mu1) of every image. */
function transported(
  centred: Float64Array,
  n: number,
  one: Gaussian,
  two: Gaussian,
  between: GaussianDistance,
): Float64Array {
  const { values, vectors, product } = between;
  const { dimension } = one.factor;
  const count = values.length;
  const largest = values.reduce((most, value) => max(most, value), 0);
  const kept = Array.from(values.keys()).filter((k) => values[k]! > CUTOFF * largest);
  const sums = new Float64Array(n);
  // gaussianOf takes the images themselves as a factor if there are no more of them than features.
  const whole = n <= dimension;
  if (whole && n <= two.factor.rows) {
    for (let i = 0; i < n; i++) {
      for (const k of kept) sums[i]! += values[k]! * vectors[i * count + k]! ** 2;
      sums[i]! *= n - 1;
    }
    return sums;
  }
  if (kept.length === 0) return sums;
  const seen = whole ? product : dotProducts({ rows: n, dimension, data: centred }, two.factor);
  const directions = new Float64Array(kept.length * count);
  kept.forEach((k, row) => {
    const scale = sqrt((whole ? n - 1 : 1) / values[k]!);
    for (let r = 0; r < count; r++) directions[row * count + r] = scale * vectors[r * count + k]!;
  });
  const images = { rows: n, dimension: count, data: seen };
  forEachDot(images, { rows: kept.length, dimension: count, data: directions }, false, (i, _, dot) => {
    sums[i]! += dot * dot;
  });
  return sums;
}

/**
 * IF of every image of a set, for a distance to a reference.
 *
 * @returns (images), in the distance's unit; the mean is 0
 * @throws QschedError (failure) as `frechetEstimate` does
 */
export function frechetInfluence(x: Features, reference: Features | FeatureStatistics): Float64Array {
  return frechetEstimate(x, reference).influence;
}

/**
 * The interval of a distance, clustered by prompt.
 *
 * @param influence of every image, from `frechetEstimate`
 * @param prompts the prompt of every image
 * @param level coverage aimed at, within (0, 1)
 * @returns ends no lower than 0
 * @throws QschedError (failure) for fewer than two prompts, lengths that differ, values that are
 *   not finite; (usage) for a level out of range
 */
export function frechetInterval(
  influence: Float64Array,
  distance: number,
  prompts: PromptOfImage,
  level = 0.95,
): FrechetInterval {
  const interval = clustered(influence, distance, prompts, level);
  return { ...interval, low: max(0, interval.low), high: max(0, interval.high) };
}

/**
 * The interval of the first distance minus the second, both to one reference, paired: image i
 * of both sets has one prompt (and, best, one seed). Below 0 the first set is nearer.
 *
 * @throws QschedError as `frechetInterval` does, and (failure) for sets of two sizes
 */
export function frechetDifference(
  first: FrechetEstimate,
  second: FrechetEstimate,
  prompts: PromptOfImage,
  level = 0.95,
): FrechetInterval {
  if (first.influence.length !== second.influence.length) {
    throw new QschedError(
      'failure',
      `Sets of ${first.influence.length} and ${second.influence.length} images cannot be paired.`,
      'Give both the same prompts and seeds, in one order.',
    );
  }
  const difference = first.influence.map((value, i) => value - second.influence[i]!);
  return clustered(difference, first.distance - second.distance, prompts, level);
}

function clustered(influence: Float64Array, value: number, prompts: PromptOfImage, level: number): FrechetInterval {
  const n = influence.length;
  if (prompts.length !== n) throw new QschedError('failure', `${n} images but ${prompts.length} prompts.`);
  if (!Number.isFinite(value)) throw new QschedError('failure', `The distance is ${value}, not a finite number.`);
  const sums = new Map<number | string, number>();
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(influence[i])) {
      throw new QschedError('failure', `The influence of image ${i} is ${influence[i]}, not a finite number.`);
    }
    sums.set(prompts[i]!, (sums.get(prompts[i]!) ?? 0) + influence[i]!);
  }
  const groups = sums.size;
  if (groups < 2) throw new QschedError('failure', `An interval needs at least two prompts, not ${groups}.`);
  let squares = 0;
  for (const sum of sums.values()) squares += sum * sum;
  const standardError = sqrt((groups / (groups - 1)) * squares) / n;
  const half = studentQuantile(level, groups - 1) * standardError;
  return { value, low: value - half, high: value + half, standardError, prompts: groups };
}
