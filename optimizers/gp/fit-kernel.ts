/**
 * Hyperparameters of a Gaussian process by maximum a posteriori, over the logarithms of w_1 .. w_d, scale and noise:
 *
 *   L = -1/2 y^T A y - 1/2 ln |K| + ln p,  A = K^-1,  dL/dt = 1/2 sum_ij (a_i a_j - A_ij) dK_ij/dt,  a = A y
 *
 * (Rasmussen and Williams 2006, Eqs. 5.8 and 5.9.) The priors are those of Optuna 4 (optuna/_gp/prior.py):
 * ln p = -sum_i (0.1 / w_i + 0.1 w_i) + Gamma(2, 1) of scale + Gamma(1.1, 30) of noise, noise at least 1e-6.
 */
import { factorise, inverseOf, solveLower, solveUpper } from './cholesky.js';
import { distance, kernelMatrix, maternSlope, type Kernel, type Known } from './kernel.js';
import { maximise } from './maximise.js';

const { exp, log, max } = Math;
const MIN_NOISE = 1e-6;
/** Iterations of BFGS: further ones move the proposals by less than their own spread. */
const ITERATIONS = 20;

/** @param known at least one point */
export function fitKernel(known: Known): Kernel {
  const dimension = known.points[0]!.length;
  const start = new Float64Array(dimension + 2);
  start[dimension + 1] = log(0.01);
  return kernelOf(maximise((theta) => posterior(theta, known), start, ITERATIONS));
}

const kernelOf = (theta: Float64Array): Kernel => ({
  weights: theta.subarray(0, -2).map(exp),
  scale: exp(theta.at(-2)!),
  noise: max(MIN_NOISE, exp(theta.at(-1)!)),
});

/** L and its gradient at `theta`, the logarithms of the hyperparameters; -Infinity where K is not positive definite. */
export function posterior(
  theta: Float64Array,
  known: Known,
): { readonly value: number; readonly gradient: Float64Array } {
  const { points, scores, spread } = known;
  const n = points.length;
  const d = theta.length - 2;
  const gradient = new Float64Array(theta.length);
  const kernel = kernelOf(theta);
  const { weights, scale, noise } = kernel;
  const l = kernelMatrix(kernel, known);
  if (!factorise(l, n)) return { value: Number.NEGATIVE_INFINITY, gradient };
  const a = scores.slice();
  solveLower(l, n, a);
  let value = 0;
  for (let i = 0; i < n; i += 1) value -= a[i]! ** 2 / 2 + log(l[i * n + i]!);
  solveUpper(l, n, a);
  const inverse = inverseOf(l, n);
  let trace = 0;
  let fitted = 0;
  for (let i = 0; i < n; i += 1) {
    trace += spread[i]! * (a[i]! ** 2 - inverse[i * n + i]!);
    fitted += a[i]! * scores[i]!;
    for (let j = 0; j < i; j += 1) {
      const weight = a[i]! * a[j]! - inverse[i * n + j]!;
      const slope = weight * scale * maternSlope(distance(weights, points[i]!, points[j]!));
      for (let t = 0; t < d; t += 1) gradient[t]! += slope * weights[t]! * (points[i]![t]! - points[j]![t]!) ** 2;
    }
  }
  // sum_ij (a_i a_j - A_ij) K_ij = a^T y - n, of which the noise takes its part.
  gradient[d] = (fitted - n - noise * trace) / 2;
  gradient[d + 1] = exp(theta[d + 1]!) < MIN_NOISE ? 0 : (noise * trace) / 2;
  for (let t = 0; t < d; t += 1) {
    value -= 0.1 / weights[t]! + 0.1 * weights[t]!;
    gradient[t]! += 0.1 / weights[t]! - 0.1 * weights[t]!;
  }
  value += log(scale) - scale + 0.1 * log(noise) - 30 * noise;
  gradient[d]! += 1 - scale;
  gradient[d + 1]! += exp(theta[d + 1]!) < MIN_NOISE ? 0 : 0.1 - 30 * noise;
  return { value, gradient };
}
