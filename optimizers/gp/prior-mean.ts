/**
 * What an earlier search expects of this one: a Gaussian process of its own over its points, with its own standardised
 * scores. As the mean of the new search's process it is shifted and scaled to mean 0 and at most variance 1 over the
 * points told, and multiplied by a trust that is learnt (fit-kernel.ts).
 */
import type { ScoredPoint, SearchSpace } from '../optimizer.js';
import { toUnit } from '../unit-box.js';
import { fitKernel } from './fit-kernel.js';
import type { Expectation, Known } from './kernel.js';
import { standardised } from './standardise.js';
import { surfaceOf, type Surface } from './surface.js';

const { ceil, max, sqrt } = Math;
/** Points that hyperparameters are fitted to; the surface goes through all of them. */
const MAX_FITTED = 64;
/** Told points between which the prior expects hardly any difference do not blow it up: deviation at least this. */
const MIN_DEVIATION = 0.2;

/** The surface of the prior alone. */
export function priorSurface(prior: readonly ScoredPoint[], space: SearchSpace): PriorSurface {
  const points = prior.map(({ point }) => toUnit(space, point));
  const { values: scores } = standardised(prior.map(({ score }) => score));
  const known: Known = { points, scores, spread: new Float64Array(points.length).fill(1), prior: null };
  const every = ceil(points.length / MAX_FITTED);
  const some = (_: unknown, i: number): boolean => i % every === 0;
  const kernel = fitKernel({ ...known, points: points.filter(some), scores: scores.filter(some) });
  return { points, surface: surfaceOf(kernel, known) };
}

export interface PriorSurface {
  /** In units of the space. */
  readonly points: readonly Float64Array[];
  readonly surface: Surface;
}

/** @param told at least one point */
export function expectation({ surface }: PriorSurface, told: readonly Float64Array[]): Expectation {
  const means = told.map((point) => surface.mean(point));
  const centre = means.reduce((sum, mean) => sum + mean, 0) / means.length;
  const variance = means.reduce((sum, mean) => sum + (mean - centre) ** 2, 0) / means.length;
  const unit = max(MIN_DEVIATION, sqrt(variance));
  return {
    at: (point) => (surface.mean(point) - centre) / unit,
    addGradient(point, factor, sum) {
      surface.mean(point);
      for (const [i, slope] of surface.gradient({ mean: factor / unit, deviation: 0 }).entries()) sum[i]! += slope;
    },
  };
}
