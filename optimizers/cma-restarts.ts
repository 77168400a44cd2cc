/**
 * When a run of CMA-ES is over, and how the next one begins.
 *
 *   ipop    every restart doubles the population                               (Auger and Hansen 2005, CEC)
 *   bipop   as ipop; but while the small runs together were told fewer points than the large ones, a run with population
 *           floor(lambda mult^(u^2)) and step sigma 10^(-2 v), u, v ~ U(0, 1), mult = 2^(doublings so far)
 *                                                                              (Hansen 2009, BBOB; cmaes 0.13.1)
 *
 * A restart begins anywhere in the box. The first run counts as a small one.
 */
const { abs, floor, max, min, sqrt } = Math;

export type Restarts = 'none' | 'ipop' | 'bipop';

/** The largest population of a restart, unless the first is larger: beyond it the stored state would grow too long. */
const MAX_POPULATION = 512;
/** Generations whose scores are compared. */
const GENERATIONS = 3;
/** Scores that differ by less, relative to their size, are equal, where the noise is not known. */
const EQUAL = 1e-12;

/** Where a search with restarts is; plain numbers. */
export interface Run {
  /** Population of the first run, and of this one. */
  readonly first: number;
  readonly population: number;
  readonly restarts: number;
  readonly doublings: number;
  /** 1 if this run's population was doubled. */
  readonly large: number;
  /** Points told in this run, in earlier small ones and in earlier large ones. */
  readonly told: number;
  readonly toldSmall: number;
  readonly toldLarge: number;
}

export const firstRun = (population: number): Run => ({
  first: population,
  population,
  restarts: 0,
  doublings: 0,
  large: 0,
  told: 0,
  toldSmall: 0,
  toldLarge: 0,
});

/**
 * The run after `run`, and its step as a share of the first run's.
 *
 * @param uniform two draws from [0, 1)
 */
export function nextRun(
  restarts: Exclude<Restarts, 'none'>,
  run: Run,
  [u, v]: readonly [number, number],
): { readonly run: Run; readonly step: number } {
  const toldSmall = run.toldSmall + (run.large === 1 ? 0 : run.told);
  const toldLarge = run.toldLarge + (run.large === 1 ? run.told : 0);
  const begun = { ...run, restarts: run.restarts + 1, told: 0, toldSmall, toldLarge };
  if (restarts === 'bipop' && toldSmall < toldLarge) {
    const population = max(2, floor(run.first * 2 ** (run.doublings * u * u)));
    return { run: { ...begun, population: bounded(population, run.first), large: 0 }, step: 10 ** (-2 * v) };
  }
  const doublings = run.doublings + 1;
  const population = bounded(run.first * 2 ** doublings, run.first);
  return { run: { ...begun, population, doublings, large: 1 }, step: 1 };
}

/** The largest population that is a doubling of the first; the first itself where even that is larger. */
function bounded(population: number, first: number): number {
  let most = first;
  while (2 * most <= MAX_POPULATION) most *= 2;
  return min(population, most);
}

/** Finite scores of a generation: how many, their mean, and the sum of squared differences from it. */
export type Spread = readonly [count: number, mean: number, squares: number];

/** What is kept of the last generations. */
export function lastSpreads(before: readonly Spread[], scores: readonly (number | null)[]): Spread[] {
  const finite = scores.filter((score) => score !== null);
  if (finite.length === 0) return [...before];
  const mean = finite.reduce((sum, score) => sum + score, 0) / finite.length;
  const squares = finite.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  return [...before, [finite.length, mean, squares] as const].slice(-GENERATIONS);
}

/**
 * Whether the scores of the last three generations differ by no more than their noise: their standard deviation is at
 * most `noise`. Where every candidate is scored on the same pairs, they differ by less and less as the step shrinks, and
 * differences below the standard error of a mean over pairs would not repeat on other pairs. Where scores are
 * independent, their standard deviation falls to the noise once the step no longer matters.
 *
 * @param noise standard deviation of a score; null if it is not known: then only equal scores do
 */
export function withinNoise(spreads: readonly Spread[], noise: number | null): boolean {
  if (spreads.length < GENERATIONS) return false;
  const count = spreads.reduce((sum, [n]) => sum + n, 0);
  const mean = spreads.reduce((sum, [n, m]) => sum + n * m, 0) / count;
  const squares = spreads.reduce((sum, [n, m, s]) => sum + s + n * (m - mean) ** 2, 0);
  return sqrt(squares / count) <= (noise ?? EQUAL * max(1, abs(mean)));
}
