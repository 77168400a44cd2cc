/**
 * The generations of a search, before anything is asked.
 */
import { FIRST_DESIGN } from '../../contract/settled-k.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import { createOptimizer } from '../../optimizers/create.js';
import { generationSize } from '../../optimizers/generation-size.js';
import { gridSize } from '../../optimizers/grid.js';
import { DEFAULT_GRID_POINTS } from '../../optimizers/options.js';
import { gridNotes } from '../../workflows/search/grid-note.js';
import type { Generation } from './search-rows.js';
import { distinctTrajectories } from './trajectories.js';

const { ceil, min } = Math;

/** The generations in order, those of a grid with the trajectories that they share, and candidates of a full one. */
export function generationsOf(spec: SearchSpec): {
  readonly generations: Generation[];
  readonly size: number;
  /** Sentences for the reader: a grid that the budget thins out. */
  readonly notes: readonly string[];
} {
  const {
    optimizer,
    coefficients,
    scheduler: { steps },
  } = spec;
  const space = coefficientSpace({ ...coefficients, steps });
  const { type, budget: most, seed, gridPoints } = optimizer;
  const own = gridPoints === undefined ? {} : { gridPoints };
  const dimension = space.lower.length;
  const budget = type === 'grid' ? min(most, gridSize(dimension, gridPoints ?? DEFAULT_GRID_POINTS)) : most;
  const batch = generationSize(optimizer, dimension);
  const sizes = Array.from({ length: ceil(budget / batch) }, (_, i) => min(batch, budget - i * batch));
  const about = { size: batch, notes: gridNotes(spec) };
  if (type !== 'grid') {
    // The candidates that k is settled on are not raced.
    const design = spec.objective.k === 'auto' ? FIRST_DESIGN : 0;
    return {
      generations: sizes.map((candidates, i) => ({ candidates, ...(i * batch < design ? { whole: true } : {}) })),
      ...about,
    };
  }
  const { lower, upper } = space;
  const grid = createOptimizer('grid', { space: { lower, upper }, seed, budget: most, batch, ...own });
  const generations = sizes.map((candidates) => {
    const points = grid.ask();
    grid.tell(
      points,
      points.map(() => 0),
    );
    return { candidates, distinct: distinctTrajectories(points.map((point) => space.toCoefficients(point))) };
  });
  return { generations, ...about };
}
