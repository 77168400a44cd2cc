/**
 * The constants of CMA-ES with active (negative) weights: Hansen, "The CMA evolution strategy: a
 * tutorial", arXiv 1604.00772, Table 1 and Eqs. 49-58. The same as cmaes 0.13.1 with c_m = 1.
 */
const { floor, log, max, min, sqrt } = Math;

export interface CmaConstants {
  /** Dimension. */
  readonly n: number;
  /** Points in a generation. */
  readonly lambda: number;
  /** Points that move the mean. */
  readonly mu: number;
  /** One weight per rank, best first; from rank mu + 1 on negative (or 0). */
  readonly weights: readonly number[];
  readonly muEff: number;
  readonly cSigma: number;
  readonly dSigma: number;
  readonly cC: number;
  readonly c1: number;
  readonly cMu: number;
  /** E||N(0, I)||, approximated. */
  readonly chiN: number;
}

/** lambda = 4 + floor(3 ln n), Eq. 48. */
export function defaultPopulation(dimension: number): number {
  return 4 + floor(3 * log(dimension));
}

/**
 * The constants of a dimension and a population.
 *
 * @param n dimension, at least 1
 * @param lambda population, at least 2
 */
export function cmaConstants(n: number, lambda: number): CmaConstants {
  const mu = floor(lambda / 2);
  const raw = Array.from({ length: lambda }, (_, i) => log((lambda + 1) / 2) - log(i + 1)); // Eq. 49
  const muEff = effective(raw.slice(0, mu));
  const muEffMinus = effective(raw.slice(mu));

  const c1 = 2 / ((n + 1.3) ** 2 + muEff); // Eq. 57
  const cMu = min(1 - c1 - 1e-8, (2 * (muEff - 2 + 1 / muEff)) / ((n + 2) ** 2 + muEff)); // Eq. 58
  const alpha = min(1 + c1 / cMu, 1 + (2 * muEffMinus) / (muEff + 2), (1 - c1 - cMu) / (n * cMu)); // Eqs. 50-52
  const positive = sum(raw.filter((w) => w > 0));
  const negative = -sum(raw.filter((w) => w < 0));
  const weights = raw.map((w) => (w >= 0 ? w / positive : (alpha * w) / negative)); // Eq. 53

  const cSigma = (muEff + 2) / (n + muEff + 5); // Eq. 55
  const dSigma = 1 + 2 * max(0, sqrt((muEff - 1) / (n + 1)) - 1) + cSigma;
  const cC = (4 + muEff / n) / (n + 4 + (2 * muEff) / n); // Eq. 56
  const chiN = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  return { n, lambda, mu, weights, muEff, cSigma, dSigma, cC, c1, cMu, chiN };
}

/** (sum w)^2 / sum w^2 */
function effective(weights: readonly number[]): number {
  return sum(weights) ** 2 / sum(weights.map((w) => w * w));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, x) => total + x, 0);
}
