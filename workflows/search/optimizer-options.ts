/**
 * The options of a search's optimizer: from its spec, and from what was settled when it was opened.
 */
import type { Opening } from '../../contract/opening.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { defaultBatch } from '../../optimizers/create.js';
import type { OptimizerOptions } from '../../optimizers/optimizer.js';
import { spaceOf } from './search-run.js';

const { min } = Math;

/** Candidates asked together at most, if the spec sets how many. */
const MAX_ASKED = 256;
/** The same for optimizers that would ask for their whole budget at once: how many are asked together changes nothing. */
const MAX_ASKED_BY_DEFAULT = 1024;

/** Complete but for what optimizers fill in themselves. */
export function optimizerOptions(
  spec: SearchSpec,
  { budget: openedBudget, prior }: Opening,
): OptimizerOptions & { readonly batch: number } {
  const { type, budget, seed, gridPoints, batch: wanted } = spec.optimizer;
  const { growTo } = spec.coefficients;
  const { lower, upper } = spaceOf(spec);
  const own = gridPoints === undefined ? {} : { gridPoints };
  const batch =
    wanted === undefined
      ? min(MAX_ASKED_BY_DEFAULT, defaultBatch(type, lower.length, budget, own))
      : min(MAX_ASKED, wanted);
  return {
    space: { lower, upper },
    seed,
    budget,
    openedBudget,
    batch,
    ...own,
    ...(growTo ? { limits: { lower: lower.map(() => growTo[0]), upper: upper.map(() => growTo[1]) } } : {}),
    ...(prior === null ? {} : { prior: prior.points }),
  };
}
