/**
 * How much each coordinate matters: first-order Sobol indices of the Gaussian process's mean over the box that holds the
 * range and every scored candidate. What is missing to 1 are interactions.
 */
import { firstOrderIndices, type UnitSample } from '../../metrics/statistics/first-order-indices.js';
import { createGenerator } from '../../optimizers/rng.js';
import { SOBOL_DIMENSIONS, sobolDirections, sobolWord } from '../../optimizers/sobol.js';
import { fromUnit } from '../../optimizers/unit-box.js';
import type { SearchDocument } from '../documents/search-document.js';
import type { SearchSurface } from './search-surface.js';

/** Points of the sample: the indices of a smooth surface are then right to about 0.01. */
const SAMPLE = 1024;
/** Scored candidates without which the model does not tell coordinates apart. */
const LEAST_POINTS = 10;

/** The largest first; null from fewer than 10 scored candidates, and where the score does not vary. */
export function importancesOf({ names, all, box, mean }: SearchSurface): SearchDocument['importances'] {
  if (all.length < LEAST_POINTS) return null;
  const dimension = names.length;
  const shares = firstOrderIndices((unit) => mean(fromUnit(box, unit)), dimension, sampleOf(2 * dimension), SAMPLE);
  if (shares === null) return null;
  return names.map((name, i) => ({ name, share: shares[i]! })).sort((a, b) => b.share - a.share);
}

/** Sobol's sequence, shifted; above its dimensions, independent random numbers. Always the same. */
function sampleOf(columns: number): UnitSample {
  const { word, uniform } = createGenerator(0);
  if (columns > SOBOL_DIMENSIONS) return (point, column) => uniform(point, column, 0);
  const directions = Array.from({ length: columns }, (_, column) => sobolDirections(column));
  const shifts = directions.map((_, column) => word(0, column, 0));
  return (point, column) => ((sobolWord(directions[column]!, point) ^ shifts[column]!) >>> 0) / 2 ** 32;
}
