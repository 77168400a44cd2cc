/**
 * A Gaussian process over told points: mean and deviation of the surface anywhere. A believed point is taken to be known
 * exactly, with the mean as its score (Ginsbourger et al. 2010, the kriging believer): the mean stays what it is
 * everywhere, and the surface gets surer near it, so that points of one batch spread.
 */
import { factorise, solveLower, solveUpper } from './cholesky.js';
import { distance, kernelMatrix, matern, maternSlope, radius, type Kernel, type Known } from './kernel.js';

const { exp, max, sqrt } = Math;
/** Of the scale: keeps the pivot of a believed point positive where the surface is known already. */
const LEAST_VARIANCE = 1e-9;

/** What is known of the surface at one point. */
export interface Belief {
  readonly mean: number;
  /** Standard deviation, without the noise of a score. */
  readonly deviation: number;
}

/** Derivatives of a function of a belief. */
export interface Partials {
  readonly mean: number;
  readonly deviation: number;
}

export interface Surface {
  at(point: Float64Array): Belief;
  /** The mean alone, which is much quicker. */
  mean(point: Float64Array): number;
  /** Gradient, at the latest point of `at`, or of `mean` for the mean alone, of a function with these derivatives. */
  gradient(by: Partials): Float64Array;
  /** Adds a point with its mean as its score. @returns the mean */
  believe(point: Float64Array): number;
}

/** @param more how many points can be believed */
export function surfaceOf(kernel: Kernel, of: Known, more = 0): Surface {
  const { points, scores, prior } = of;
  const { weights, scale, trust } = kernel;
  const n = points.length;
  const room = n + more;
  const places = [...points];
  const l = firstFactor(kernel, of, room);
  const alpha = prior === null ? scores.slice() : scores.map((score, i) => score - trust * prior.at(points[i]!));
  solveLower(l, room, alpha, n);
  solveUpper(l, room, alpha, n);
  /** Of the latest point x: k(x, x_i), overwritten by v = L^-1 k, and twice the slope of k by s. */
  const v = new Float64Array(room);
  const slopes = new Float64Array(room);
  const adjoint = new Float64Array(room);
  let latest: Float64Array = new Float64Array(weights.length);
  let deviation = 0;

  /** mean = alpha^T k */
  function mean(point: Float64Array): number {
    let sum = prior === null ? 0 : trust * prior.at(point);
    for (let i = 0; i < places.length; i += 1) {
      const r = radius(distance(weights, point, places[i]!));
      const decay = exp(-r);
      v[i] = scale * matern(r, decay);
      slopes[i] = 2 * scale * maternSlope(r, decay);
      if (i < n) sum += v[i]! * alpha[i]!;
    }
    latest = point;
    return sum;
  }

  /** deviation^2 = scale - v^T v */
  function at(point: Float64Array): Belief {
    const found = mean(point);
    const size = places.length;
    solveLower(l, room, v, size);
    let variance = scale;
    for (let i = 0; i < size; i += 1) variance -= v[i]! * v[i]!;
    deviation = sqrt(max(variance, 1e-12));
    return { mean: found, deviation };
  }

  function gradient(by: Partials): Float64Array {
    const size = by.deviation === 0 ? n : places.length;
    for (let i = 0; i < size; i += 1) adjoint[i] = by.deviation === 0 ? 0 : (-by.deviation * v[i]!) / deviation;
    if (by.deviation !== 0) solveUpper(l, room, adjoint, size);
    const sum = new Float64Array(weights.length);
    for (let i = 0; i < size; i += 1) {
      const factor = (adjoint[i]! + (i < n ? by.mean * alpha[i]! : 0)) * slopes[i]!;
      const place = places[i]!;
      for (let t = 0; t < sum.length; t += 1) sum[t]! += factor * weights[t]! * (latest[t]! - place[t]!);
    }
    prior?.addGradient(latest, trust * by.mean, sum);
    return sum;
  }

  function believe(point: Float64Array): number {
    const belief = at(point);
    const row = places.length;
    l.set(v.subarray(0, row), row * room);
    l[row * room + row] = sqrt(deviation ** 2 + LEAST_VARIANCE * scale);
    places.push(point);
    return belief.mean;
  }

  return { at, mean, gradient, believe };
}

/** The factor of the told points' rows, with room for believed ones. */
function firstFactor(kernel: Kernel, known: Known, room: number): Float64Array {
  const n = known.points.length;
  const small = kernelMatrix(kernel, known);
  if (!factorise(small, n)) throw new RangeError('the kernel matrix is not positive definite');
  if (room === n) return small;
  const l = new Float64Array(room * room);
  for (let i = 0; i < n; i += 1) l.set(small.subarray(i * n, i * n + i + 1), i * room);
  return l;
}
