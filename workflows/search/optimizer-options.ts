/**
 * The options of a search's optimizer: from its spec, and from what was settled when it was opened.
 */
import type { SearchSpec } from '../../contract/search-spec.js';
import { generationSize } from '../../optimizers/generation-size.js';
import type { OptimizerOptions } from '../../optimizers/optimizer.js';
import { modelsSurface } from '../../contract/spec-defaults.js';
import { spaceOf } from './search-run.js';
import type { SearchState } from './search-state.js';

/** Complete but for what optimizers fill in themselves. */
export function optimizerOptions(
  spec: SearchSpec,
  { opening, identityScore }: Pick<SearchState, 'opening' | 'identityScore'>,
): OptimizerOptions & { readonly batch: number } {
  const { type, budget, seed, gridPoints } = spec.optimizer;
  const { budget: openedBudget, prior, firstAsks } = opening;
  const { growTo } = spec.coefficients;
  const { lower, upper } = spaceOf(spec);
  return {
    space: { lower, upper },
    seed,
    budget,
    openedBudget,
    batch: generationSize(spec.optimizer, lower.length),
    ...(gridPoints === undefined ? {} : { gridPoints }),
    ...(growTo ? { limits: { lower: lower.map(() => growTo[0]), upper: upper.map(() => growTo[1]) } } : {}),
    ...(prior === null ? {} : { prior: prior.points }),
    ...(modelsSurface(type) && identityScore !== null
      ? { known: [{ point: lower.map(() => 1), score: identityScore }], first: firstAsks.map(({ point }) => point) }
      : {}),
  };
}
