/**
 * The mean of a Gaussian process over scored points as a function, for drawings and sums over many places: one value
 * costs one pass over the points. `predictScores` gives the deviation as well.
 */
import type { Point, SearchSpace } from '../optimizer.js';
import { toUnit } from '../unit-box.js';
import { fitKernel } from './fit-kernel.js';
import type { Known } from './kernel.js';
import type { Sampled } from './predict.js';
import { standardised } from './standardise.js';
import { surfaceOf } from './surface.js';

const { ceil } = Math;
/** Points that hyperparameters are fitted to, evenly from all; the surface goes through all of them. */
const MAX_FITTED = 96;

/**
 * @param sampled at least one scored point, in any number of dimensions; a failure counts as the worst score. The score
 *   of a share of the pairs has 1 / share times the noise
 * @param space the box in which a length of 1 is its range; points may lie outside
 * @returns the mean score at a point, in units of the scores
 */
export function scoreModel(sampled: readonly Sampled[], space: SearchSpace): (point: Point) => number {
  const points = sampled.map(({ point }) => toUnit(space, point));
  const { values: scores, centre, unit } = standardised(sampled.map(({ score }) => score));
  const spread = Float64Array.from(sampled, ({ share = 1 }) => 1 / share);
  const known: Known = { points, scores, spread, prior: null };
  const every = ceil(points.length / MAX_FITTED);
  const some = (_: unknown, i: number): boolean => i % every === 0;
  const kernel = fitKernel({
    points: points.filter(some),
    scores: scores.filter(some),
    spread: spread.filter(some),
    prior: null,
  });
  const surface = surfaceOf(kernel, known);
  return (point) => centre + unit * surface.mean(toUnit(space, point));
}
