/** A Gaussian process fitted to told points, with what a prior expects as its mean. */
import { fitKernel } from './fit-kernel.js';
import type { Kernel } from './kernel.js';
import { expectation, type PriorSurface } from './prior-mean.js';
import { standardised } from './standardise.js';
import { surfaceOf, type Surface } from './surface.js';

/** A told point in units of the space. */
interface Told {
  readonly x: Float64Array;
  readonly score: number | null;
  readonly share: number;
}

/** A place and what the surface is there, on average. */
export interface Ranked {
  readonly x: Float64Array;
  readonly mean: number;
}

export interface Model {
  readonly surface: Surface;
  /** The told points, the best mean first. */
  readonly ranked: readonly Ranked[];
  /** A score is centre + unit times a value of the surface. */
  readonly centre: number;
  readonly unit: number;
}

/**
 * @param told at least one point
 * @param more how many points can be believed
 */
export function modelOf(told: readonly Told[], prior: PriorSurface | null, more: number): Model {
  const points = told.map(({ x }) => x);
  const { values: scores, centre, unit } = standardised(told.map(({ score }) => score));
  const spread = Float64Array.from(told, ({ share }) => 1 / share);
  const known = { points, scores, spread, prior: prior === null ? null : expectation(prior, points) };
  const surface = surfaceOf(fitKernel(known), known, more);
  return { surface, ranked: rankedBy(surface, points), centre, unit };
}

/** How a surface may differ from what its prior expects, before a point is told. */
const DIFFERENCE = { weight: 4, scale: 0.25, noise: 0.01 };

/** What is expected before a point is told: the prior's surface, and a difference nothing is known of. */
export function modelOfPrior(prior: PriorSurface, more: number): Pick<Model, 'surface' | 'ranked'> {
  const { points } = prior;
  const weights = new Float64Array(points[0]!.length).fill(DIFFERENCE.weight);
  const kernel: Kernel = { weights, scale: DIFFERENCE.scale, noise: DIFFERENCE.noise, trust: 1 };
  const nothing = { points: [], scores: new Float64Array(0), spread: new Float64Array(0) };
  const surface = surfaceOf(kernel, { ...nothing, prior: expectation(prior, points) }, more);
  return { surface, ranked: rankedBy(surface, points) };
}

const rankedBy = (surface: Surface, points: readonly Float64Array[]): Ranked[] =>
  points.map((x) => ({ x, mean: surface.mean(x) })).sort((a, b) => b.mean - a.mean);
