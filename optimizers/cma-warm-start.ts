/**
 * The first distribution of CMA-ES from points that are scored already: Nomura et al., "Warm Starting CMA-ES for
 * Hyperparameter Optimization", arXiv 2012.06932, Eqs. 9 and 10, as cmaes 0.13.1's `get_warm_start_mgd`. Of the best
 * share gamma of the points, in the unit box,
 *
 *   m = mean,  Sigma = alpha^2 I + covariance,  sigma = det(Sigma)^(1 / 2n),  C = Sigma / sigma^2
 */
import { factorise } from './gp/cholesky.js';

const { exp, floor, log, max, min } = Math;
const GAMMA = 0.1;
/** A standard deviation of the whole range: within the box, larger ones make no difference. */
const LARGEST_SIGMA = 1;

/** alpha by default: that of the paper. */
export const WARM_ALPHA = 0.1;
/** Fewer points say nothing about the shape of their surface. */
export const MIN_WARM_POINTS = 10;

/** Where CMA-ES begins: N(mean, sigma^2 C) in the unit box. */
export interface Beginning {
  readonly mean: Float64Array;
  readonly sigma: number;
  /** n x n, row by row. */
  readonly c: Float64Array;
}

/**
 * @param points in the unit box, in the order told; of equal scores the first counts
 * @param alpha standard deviation that every direction keeps, as a share of the range
 */
export function warmStart(
  points: readonly { readonly x: Float64Array; readonly score: number }[],
  alpha: number,
): Beginning {
  const n = points[0]!.x.length;
  const top = points.toSorted((a, b) => b.score - a.score).slice(0, max(1, floor(GAMMA * points.length)));
  const mean = new Float64Array(n);
  for (const { x } of top) for (let i = 0; i < n; i += 1) mean[i]! += x[i]! / top.length;
  const sum = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let total = 0;
      for (const { x } of top) total += (x[i]! - mean[i]!) * (x[j]! - mean[j]!);
      sum[i * n + j] = sum[j * n + i] = total / top.length + (i === j ? alpha * alpha : 0);
    }
  }
  const l = sum.slice();
  factorise(l, n); // alpha^2 I keeps it positive definite
  let logDet = 0;
  for (let i = 0; i < n; i += 1) logDet += 2 * log(l[i * n + i]!);
  const sigma = exp(logDet / (2 * n));
  return { mean, sigma: min(LARGEST_SIGMA, sigma), c: sum.map((value) => value / (sigma * sigma)) };
}
