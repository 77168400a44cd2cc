/**
 * What a prior is worth on true surfaces: from another precision, and, where it may mislead, from another number of steps.
 *
 * The prior is a search of 100 candidates on the one surface; then two searches of 20 candidates on the other, with it and
 * without it. Regret is what the best of them lacks to the highest score.
 */
import { quantileSorted } from '../metrics/statistics/statistics.js';
import { result, type BenchResult } from './results.js';
import { asPrior, highest, searchSurface } from './surfaces/surface-search.js';
import { readSurface } from './surfaces/surface-file.js';
import { trueSurface, type TrueSurface } from './surfaces/true-surface.js';

const SEEDS = 15;
const [PRIOR_BUDGET, BUDGET, BATCH] = [100, 20, 8];
const OPTIMIZER = 'auto';

interface Case {
  readonly name: string;
  readonly title: string;
  readonly from: string;
  readonly to: string;
  /** Regret without the prior, as a multiple of the regret with it. */
  readonly target: number;
}

/** With a prior, at most 1.05 times the regret without. */
const SAFE = 1 / 1.05;

const CASES: readonly Case[] = [
  { name: 'prior-safety-2-4', title: 'a prior of 2 steps for 4', from: 'w4a8-tcd-2', to: 'w4a8-tcd-4', target: SAFE },
  { name: 'prior-safety-4-2', title: 'a prior of 4 steps for 2', from: 'w4a8-tcd-4', to: 'w4a8-tcd-2', target: SAFE },
  { name: 'prior-safety-8-4', title: 'a prior of 8 steps for 4', from: 'w4a8-tcd-8', to: 'w4a8-tcd-4', target: SAFE },
  { name: 'prior-w8a8-w4a8', title: 'a prior of W8A8 for W4A8', from: 'w8a8-tcd-4', to: 'w4a8-tcd-4', target: 1 },
];

/** One benchmark per case; `prior-safety` runs all of them. */
export const priorBenches = CASES.map((one) => ({ names: ['prior-safety', one.name], run: () => measure(one) }));

const median = (values: readonly number[]): number =>
  quantileSorted(
    values.toSorted((a, b) => a - b),
    0.5,
  );

async function measure({ name, title, from, to, target }: Case): Promise<BenchResult[]> {
  const [earlier, later] = [from, to].map((setting) => trueSurface(readSurface(`shapes-${setting}`))) as [
    TrueSurface,
    TrueSurface,
  ];
  const top = highest(later);
  const regrets = Array.from({ length: SEEDS }, (_, seed) => {
    const before = searchSurface(earlier, { optimizer: OPTIMIZER, budget: PRIOR_BUDGET, batch: BATCH, seed });
    const search = { optimizer: OPTIMIZER, budget: BUDGET, batch: BATCH, seed: SEEDS + seed };
    const regret = (prior: ReturnType<typeof asPrior>): number =>
      top - Math.max(...searchSurface(later, { ...search, prior }).map(({ score }) => score));
    return { with: regret(asPrior(earlier, before)), without: regret([]) };
  });
  return [
    result({
      name,
      title: `${title}, ${BUDGET} candidates: median regret with it beside that without it (${SEEDS} seeds)`,
      ours: median(regrets.map((one) => one.with)),
      peer: median(regrets.map((one) => one.without)),
      peerName: 'without a prior',
      unit: 'score',
      better: 'lower',
      target,
      measure: 'ratio',
    }),
  ];
}
