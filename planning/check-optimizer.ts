/**
 * What is wrong with an optimizer for the space that it is to search.
 */
import { QschedError } from '../contract/errors.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { coefficientSpace } from '../diffusion/coefficients.js';
import { gridSize } from '../optimizers/grid.js';
import { DEFAULT_GRID_POINTS } from '../optimizers/options.js';

/** A larger grid is a mistake: nobody scores a millionth of a surface to see it. */
const MAX_CELLS = 1_000_000;

/** @throws QschedError (usage): a grid of more than a million cells */
export function checkOptimizer({ optimizer, coefficients, scheduler: { steps } }: SearchSpec): void {
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
