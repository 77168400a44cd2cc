/**
 * One generation of CMA-ES as pure functions: sampling inside [0, 1]^n, and the update of mean,
 * step size and covariance. Symbols and equation numbers are those of arXiv 1604.00772; if the
 * tutorial leaves a choice, it is that of cmaes 0.13.1.
 */
import type { CmaConstants } from './cma-constants.js';
import { norm, times, type MatrixRoots } from './matrix-roots.js';
import type { Draw } from './rng.js';

const { exp, max, min, sqrt } = Math;
/** New samples that `resample` tries before it clips. */
const TRIES = 100;
/** A standard deviation of the whole range: within the box, larger ones make no difference. */
const LARGEST_SIGMA = 1;

/** The distribution N(mean, sigma^2 C) and what the next update needs; all arrays are read only. */
export interface CmaState {
  /** Generations told. */
  readonly g: number;
  readonly mean: Float64Array;
  readonly sigma: number;
  readonly pSigma: Float64Array;
  readonly pC: Float64Array;
  /** C, n x n row by row, exactly symmetric. */
  readonly c: Float64Array;
}

/** Mean given, C = I, both paths 0. */
export function firstState(mean: Float64Array, sigma: number): CmaState {
  const n = mean.length;
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) c[i * n + i] = 1;
  return { g: 0, mean, sigma, pSigma: new Float64Array(n), pC: new Float64Array(n), c };
}

/**
 * x = m + sigma C^(1/2) z, z ~ N(0, I), brought back into [0, 1]^n.
 *
 * `clip` projects it onto the box at once: the best coefficients are often on the edge of the range, and
 * only a projection reaches an edge. `resample` samples again, up to 100 times, as cmaes 0.13.1 does.
 *
 * @param normal standard normal draws by (index, coordinate, attempt)
 * @param index of the point, over the whole search
 */
export function samplePoint(
  { mean, sigma }: CmaState,
  { root }: MatrixRoots,
  normal: Draw,
  index: number,
  bounds: 'clip' | 'resample',
): Float64Array {
  const tries = bounds === 'clip' ? 0 : TRIES;
  for (let attempt = 0; ; attempt += 1) {
    const y = times(
      root,
      mean.map((_m, j) => normal(index, j, attempt)),
    );
    const x = mean.map((m, j) => m + sigma * y[j]!);
    if (x.every((value) => value >= 0 && value <= 1)) return x;
    if (attempt === tries) return x.map((value) => max(0, min(1, value)));
  }
}

/**
 * The distribution after a generation.
 *
 * @param ranked the lambda points, best first
 * @param roots those of `state.c`
 */
export function updateState(
  state: CmaState,
  constants: CmaConstants,
  ranked: readonly Float64Array[],
  roots: MatrixRoots,
): CmaState {
  const { n, mu, weights, muEff, cSigma, dSigma, cC, c1, cMu, chiN } = constants;
  const g = state.g + 1;
  const y = ranked.map((x) => x.map((value, j) => (value - state.mean[j]!) / state.sigma));

  const yW = new Float64Array(n); // Eq. 41
  for (let k = 0; k < mu; k += 1) for (let j = 0; j < n; j += 1) yW[j]! += weights[k]! * y[k]![j]!;
  const mean = state.mean.map((m, j) => m + state.sigma * yW[j]!); // Eq. 42, c_m = 1

  const whitened = times(roots.inverseRoot, yW);
  const gainSigma = sqrt(cSigma * (2 - cSigma) * muEff);
  const pSigma = state.pSigma.map((p, j) => (1 - cSigma) * p + gainSigma * whitened[j]!); // Eq. 43
  const length = norm(pSigma);
  const sigma = min(LARGEST_SIGMA, state.sigma * exp((cSigma / dSigma) * (length / chiN - 1))); // Eq. 44

  const h = length / sqrt(1 - (1 - cSigma) ** (2 * (g + 1))) < (1.4 + 2 / (n + 1)) * chiN ? 1 : 0;
  const gainC = h * sqrt(cC * (2 - cC) * muEff);
  const pC = state.pC.map((p, j) => (1 - cC) * p + gainC * yW[j]!); // Eq. 45

  // Eq. 46: a negative weight counts by its point's Mahalanobis length, which keeps C positive.
  const w = weights.map((weight, k) =>
    weight >= 0 ? weight : (weight * n) / (norm(times(roots.inverseRoot, y[k]!)) ** 2 + 1e-8),
  );
  const keep = 1 + c1 * (1 - h) * cC * (2 - cC) - c1 - cMu * weights.reduce((total, weight) => total + weight, 0);
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = i; j < n; j += 1) {
      let rankMu = 0;
      for (let k = 0; k < w.length; k += 1) rankMu += w[k]! * y[k]![i]! * y[k]![j]!;
      c[i * n + j] = c[j * n + i] = keep * state.c[i * n + j]! + c1 * pC[i]! * pC[j]! + cMu * rankMu; // Eq. 47
    }
  }
  return { g, mean, sigma, pSigma, pC, c };
}
