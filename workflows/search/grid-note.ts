/**
 * A note for a search whose budget does not scan its whole grid.
 */
import type { SearchSpec } from '../../contract/search-spec.js';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import { gridSize } from '../../optimizers/grid.js';
import { DEFAULT_GRID_POINTS } from '../../optimizers/options.js';

/** One sentence if the optimizer is a grid with more points than the budget; none otherwise. */
export function gridNotes(spec: SearchSpec): string[] {
  const { type, budget, gridPoints = DEFAULT_GRID_POINTS } = spec.optimizer;
  if (type !== 'grid') return [];
  const { dimension: dimensions } = coefficientSpace({ ...spec.coefficients, steps: spec.scheduler.steps });
  const points = gridSize(dimensions, gridPoints);
  if (budget >= points) return [];
  return [
    `The grid has ${points} points (${gridPoints} in each of ${dimensions} dimensions): the budget of ${budget} evaluates ${budget} of them, spread over the range. A larger budget adds points.`,
  ];
}
