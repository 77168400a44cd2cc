/**
 * What is wrong with an optimizer for the space that it is to search.
 */
import { QschedError } from '../contract/errors.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { coefficientSpace } from '../diffusion/coefficients.js';
import { defaultBatch } from '../optimizers/create.js';
import { gridSize } from '../optimizers/grid.js';
import { DEFAULT_GRID_POINTS } from '../optimizers/options.js';

/** A larger grid is a mistake: nobody scores a millionth of a surface to see it. */
const MAX_CELLS = 1_000_000;

/** @throws QschedError (usage): a grid of more than a million cells; without a prior, a budget that leaves no point to a model */
export function checkOptimizer(spec: SearchSpec): void {
  checkCells(spec);
  if (spec.prior === 'none') checkFirstAsk(spec);
}

/**
 * A Gaussian process that starts from nothing asks for its first batch before it is told a score. `auto` chooses by the
 * budget, and takes any.
 *
 * @throws QschedError (usage) if the budget ends there
 */
export function checkFirstAsk({ optimizer, coefficients, scheduler: { steps } }: SearchSpec): void {
  const { type, budget } = optimizer;
  if (type !== 'gp') return;
  const { dimension } = coefficientSpace({ ...coefficients, steps });
  const { batch = defaultBatch(type, dimension, budget) } = optimizer;
  if (budget > batch) return;
  throw new QschedError(
    'usage',
    `optimizer.budget is ${budget}, and gp asks for ${batch} points before it is told a score: its model would propose none.`,
    `Use a budget of at least ${batch + 1}, a smaller optimizer.batch, a prior, or optimizer.type sobol.`,
  );
}

function checkCells({ optimizer, coefficients, scheduler: { steps } }: SearchSpec): void {
  if (optimizer.type !== 'grid') return;
  const { gridPoints = DEFAULT_GRID_POINTS } = optimizer;
  const { dimension, names } = coefficientSpace({ ...coefficients, steps });
  const cells = gridSize(dimension, gridPoints);
  if (cells <= MAX_CELLS) return;
  const most = Math.floor(MAX_CELLS ** (1 / dimension) + 1e-9);
  const fewer = most >= 2 ? `Use optimizer.gridPoints of at most ${most}` : 'Use another optimizer';
  throw new QschedError(
    'usage',
    `optimizer.gridPoints is ${gridPoints}: a grid of ${dimension} dimensions (${names.join(', ')}) would have ` +
      `${cells.toLocaleString('en-US')} cells, and at most ${MAX_CELLS.toLocaleString('en-US')} are allowed.`,
    `${fewer}, or a coefficients.shape with fewer numbers: single-scale has 2.`,
  );
}
