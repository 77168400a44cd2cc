/**
 * What is known of the score over the search space: the points scored, and the mean of a Gaussian process fitted to them.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import { coordinateOf, type CoefficientSpace } from '../../diffusion/coefficients.js';
import type { Sampled } from '../../optimizers/gp/predict.js';
import { scoreModel } from '../../optimizers/gp/score-model.js';
import type { Point, SearchSpace } from '../../optimizers/index.js';
import type { ReportTrial } from './stored-trials.js';

/** Points that the model is fitted to; of more, the best half and others evenly. */
const MOST_POINTS = 256;

/** A scored trial as a point of the space. */
export interface ScoredPlace extends Sampled {
  readonly trial: number;
  readonly score: number;
}

/** The scored points, and the box that holds them and the range. */
export interface SearchSurface {
  readonly names: readonly string[];
  /** All of them, in the order in which they were asked. */
  readonly all: readonly ScoredPlace[];
  /** Those that the model is fitted to, in the same order. */
  readonly used: readonly ScoredPlace[];
  readonly box: SearchSpace;
  /** The mean of the model; made when it is first asked. */
  readonly mean: (point: Point) => number;
}

/** @param pairs (prompt, seed) pairs of the calibration */
export function searchSurface(
  space: CoefficientSpace,
  calibration: readonly ReportTrial[],
  pairs: number,
): SearchSurface {
  const all = calibration.flatMap((trial): ScoredPlace[] => {
    const { number, status, score, coefficients } = trial;
    const point = number === 0 ? pointOf(space, coefficients) : trial.point;
    if (score === null || (status !== 'ok' && status !== 'raced') || point.length !== space.dimension) return [];
    const share = status === 'raced' && trial.pairs !== null ? Math.min(1, trial.pairs / pairs) : 1;
    return [{ trial: number, point, score, share }];
  });
  const used = thinned(all);
  const box = {
    lower: space.lower.map((low, i) => all.reduce((least, { point }) => Math.min(least, point[i]!), low)),
    upper: space.upper.map((high, i) => all.reduce((most, { point }) => Math.max(most, point[i]!), high)),
  };
  let model: ((point: Point) => number) | undefined;
  return { names: space.names, all, used, box, mean: (point) => (model ??= scoreModel(used, box))(point) };
}

/** The point of coefficients that the space contains. */
export const pointOf = ({ names }: CoefficientSpace, coefficients: Coefficients): number[] =>
  names.map((name) => coordinateOf(name, coefficients));

/** Of many, the best half of as many as are kept, and of the others every so many. */
function thinned(all: readonly ScoredPlace[]): readonly ScoredPlace[] {
  if (all.length <= MOST_POINTS) return all;
  const ranked = all.map((_, i) => i).sort((a, b) => all[b]!.score - all[a]!.score || a - b);
  const kept = new Set(ranked.slice(0, MOST_POINTS / 2));
  const others = all.map((_, i) => i).filter((i) => !kept.has(i));
  const most = MOST_POINTS - kept.size;
  for (let i = 0; i < most; i += 1) kept.add(others[Math.floor((i * others.length) / most)]!);
  return all.filter((_, i) => kept.has(i));
}
