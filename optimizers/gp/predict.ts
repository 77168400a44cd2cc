/**
 * The surface of a search as its Gaussian process sees it: for reports, heat maps and questions about a candidate. Scores
 * far below the best are cut (standardise.ts), so that there the surface says no more than "bad".
 */
import { QschedError } from '../../contract/errors.js';
import { damaged, type OwnState } from '../ask-tell.js';
import type { OptimizerOptions, OptimizerState, Point, ScoredPoint, SearchSpace } from '../optimizer.js';
import { fromUnit, toUnit } from '../unit-box.js';
import { modelOf } from './model.js';
import { priorSurface } from './prior-mean.js';
import { unpackTold } from './told-points.js';

const NAME = 'gp';

/** A point with what was found there. */
export interface Sampled {
  readonly point: Point;
  /** Null for a failure. */
  readonly score: number | null;
  /** Share of the (prompt, seed) pairs on which the score was measured, in (0, 1]; 1 by default. */
  readonly share?: number;
}

/** What the score of a point would be on average, in the units of the scores, and the standard deviation of that. */
export interface Predicted {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Mean and deviation of the surface at points, from any scored ones: whichever optimizer asked for them.
 *
 * @param space the box in which a length of 1 is its range; points may lie outside
 * @param prior points of an earlier search, as in `OptimizerOptions`
 * @throws QschedError (usage) without a scored point
 */
export function predictScores(
  told: readonly Sampled[],
  space: SearchSpace,
  points: readonly Point[],
  prior: readonly ScoredPoint[] = [],
): Predicted[] {
  if (told.every(({ score }) => score === null)) {
    throw new QschedError('usage', 'There is no scored point to predict from.', 'Wait for the first generation.');
  }
  const known = told.map(({ point, score, share = 1 }) => ({ x: toUnit(space, point), score, share }));
  const { surface, centre, unit } = modelOf(known, prior.length === 0 ? null : priorSurface(prior, space), 0);
  return points.map((point) => {
    const { mean, deviation } = surface.at(toUnit(space, point));
    return { mean: centre + unit * mean, deviation: unit * deviation };
  });
}

/**
 * The same from the state of `gp`, or of `auto` while its model asks.
 *
 * @param options those of the search
 * @throws QschedError (usage) for the state of another optimizer, or without a scored point, (failure) for a damaged one
 */
export function predictFrom(state: OptimizerState, options: OptimizerOptions, points: readonly Point[]): Predicted[] {
  const { space, limits, prior, known = [] } = options;
  const { settled, pending } = unpackTold(ownOf(state), space.lower.length);
  const frame = limits ?? space;
  const told = [...settled, ...pending].map(({ x, score, share }) => ({ point: fromUnit(frame, x), score, share }));
  return predictScores([...known, ...told], space, points, prior);
}

function ownOf({ name, own }: OptimizerState): OwnState {
  if (name === NAME) return own;
  if (name !== 'auto' || own['stage'] !== NAME) {
    throw new QschedError('usage', `The state of ${name} contains no Gaussian process.`, 'Predict from scored points.');
  }
  const { of } = own;
  if (typeof of !== 'object' || of === null || Array.isArray(of)) throw damaged(name, 'it has no state of gp');
  return of as OwnState;
}
