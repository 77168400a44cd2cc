/**
 * Hyperparameters of a Gaussian process by maximum a posteriori, over the logarithms of w_1 .. w_d, scale and noise, and
 * over the trust t in the prior's expectation m:
 *
 *   L = -1/2 e^T A e - 1/2 ln |K| + ln p,  e = y - t m,  A = K^-1,  a = A e
 *   dL/dx = 1/2 sum_ij (a_i a_j - A_ij) dK_ij/dx,  dL/dt = a^T m
 *
 * (Rasmussen and Williams 2006, Eqs. 2.45, 5.8 and 5.9.) The priors are those of Optuna 4 (optuna/_gp/prior.py):
 * ln p = -sum_i (0.1 / w_i + 0.1 w_i) + Gamma(2, 1) of scale + Gamma(1.1, 30) of noise, noise at least 1e-6. Beside them
 * every ln w_i is normal about their mean with deviation TIE: a few points cannot tell the lengths of several dimensions
 * apart, many can. The trust is normal about 0.8 with deviation 0.4: m has mean 0 and at most variance 1 over the points, as y does, so that trust 1
 * is the same surface and 0 an unrelated one, two units of log probability away.
 */
import { factorise, inverseOf, solveLower, solveUpper } from './cholesky.js';
import { matern, maternSlope, radius, type Kernel, type Known } from './kernel.js';
import { maximise, type Climb, type Smooth } from './maximise.js';

const { exp, log, max } = Math;
const MIN_NOISE = 1e-6;
const FIRST_NOISE = 0.01;
const TRUST = { mean: 0.8, deviation: 0.4 };
const TIE = 0.5;
/** Further iterations move the proposals by less than their own spread. */
const CLIMB: Climb = { iterations: 30, longest: 2, first: 2, enough: 1e-3 };

/** @param known at least one point */
export function fitKernel(known: Known): Kernel {
  const dimension = known.points[0]!.length;
  const start = new Float64Array(dimension + (known.prior === null ? 2 : 3));
  start[dimension + 1] = log(FIRST_NOISE);
  if (known.prior !== null) start[dimension + 2] = TRUST.mean;
  return kernelOf(maximise(posterior(known), start, CLIMB).x, dimension);
}

const kernelOf = (theta: Float64Array, d: number): Kernel => ({
  weights: theta.subarray(0, d).map(exp),
  scale: exp(theta[d]!),
  noise: max(MIN_NOISE, exp(theta[d + 1]!)),
  trust: theta[d + 2] ?? 0,
});

/** L and its gradient as a function of ln w_1, ..., ln scale, ln noise and, with a prior, the trust. */
export function posterior({ points, scores, spread, prior }: Known): Smooth {
  const n = points.length;
  const d = points[0]!.length;
  const squares = squaredDifferences(points, d);
  const expected = prior === null ? null : Float64Array.from(points, (point) => prior.at(point));
  return (theta) => {
    const gradient = new Float64Array(theta.length);
    const { weights, scale, noise, trust } = kernelOf(theta, d);
    const { matrix: l, slopes } = kernelOfPairs(squares, { weights, scale, n });
    for (let i = 0; i < n; i += 1) l[i * n + i] = scale + noise * spread[i]!;
    if (!factorise(l, n)) return { value: Number.NEGATIVE_INFINITY, gradient };
    const e = expected === null ? scores : scores.map((score, i) => score - trust * expected[i]!);
    const a = e.slice();
    solveLower(l, n, a);
    let value = 0;
    for (let i = 0; i < n; i += 1) value -= a[i]! ** 2 / 2 + log(l[i * n + i]!);
    solveUpper(l, n, a);
    const inverse = inverseOf(l, n);
    let trace = 0;
    let fitted = 0;
    for (let i = 0, pair = 0; i < n; i += 1) {
      trace += spread[i]! * (a[i]! ** 2 - inverse[i * n + i]!);
      fitted += a[i]! * e[i]!;
      for (let j = 0; j < i; j += 1, pair += 1) slopes[pair]! *= a[i]! * a[j]! - inverse[i * n + j]!;
    }
    for (const [t, squared] of squares.entries()) {
      let sum = 0;
      for (let pair = 0; pair < squared.length; pair += 1) sum += slopes[pair]! * squared[pair]!;
      const w = weights[t]!;
      value -= 0.1 / w + 0.1 * w;
      gradient[t] = sum * w + 0.1 / w - 0.1 * w;
    }
    const middle = theta.subarray(0, d).reduce((sum, x) => sum + x, 0) / d;
    for (let t = 0; t < d; t += 1) {
      const apart = (theta[t]! - middle) / TIE;
      value -= apart ** 2 / 2;
      gradient[t]! -= apart / TIE;
    }
    // sum_ij (a_i a_j - A_ij) K_ij = a^T e - n, of which the noise takes its part.
    value += log(scale) - scale + 0.1 * log(noise) - 30 * noise;
    gradient[d] = (fitted - n - noise * trace) / 2 + 1 - scale;
    gradient[d + 1] = exp(theta[d + 1]!) < MIN_NOISE ? 0 : (noise * trace) / 2 + 0.1 - 30 * noise;
    if (expected !== null) {
      const off = (trust - TRUST.mean) / TRUST.deviation;
      value -= off ** 2 / 2;
      gradient[d + 2] = a.reduce((sum, one, i) => sum + one * expected[i]!, 0) - off / TRUST.deviation;
    }
    return { value, gradient };
  };
}

/** (x_i - x_j)^2 of every pair j < i, by dimension. */
const squaredDifferences = (points: readonly Float64Array[], d: number): Float64Array[] =>
  Array.from({ length: d }, (_, t) =>
    Float64Array.from(points.flatMap((x, i) => points.slice(0, i).map((other) => (x[t]! - other[t]!) ** 2))),
  );

/** The lower triangle of K without its diagonal, and scale dm/ds of every pair. */
function kernelOfPairs(
  squares: readonly Float64Array[],
  { weights, scale, n }: { readonly weights: Float64Array; readonly scale: number; readonly n: number },
): { readonly matrix: Float64Array; readonly slopes: Float64Array } {
  const slopes = new Float64Array(squares[0]!.length);
  for (const [t, squared] of squares.entries()) {
    const w = weights[t]!;
    for (let pair = 0; pair < squared.length; pair += 1) slopes[pair]! += w * squared[pair]!;
  }
  const matrix = new Float64Array(n * n);
  for (let i = 0, pair = 0; i < n; i += 1) {
    for (let j = 0; j < i; j += 1, pair += 1) {
      const r = radius(slopes[pair]!);
      const decay = exp(-r);
      matrix[i * n + j] = scale * matern(r, decay);
      slopes[pair] = scale * maternSlope(r, decay);
    }
  }
  return { matrix, slopes };
}
