/**
 * The options of an optimizer, checked once and filled, and the fingerprint that ties a stored
 * state to them.
 */
import { QschedError } from '../contract/errors.js';
import { MIN_WARM_POINTS } from './cma-warm-start.js';
import type { OptimizerOptions, Point, ScoredPoint, SearchSpace } from './optimizer.js';

const { abs, imul } = Math;
/** Larger bounds would overflow when a point is a weighted sum of both. */
const LARGEST_BOUND = 1e300;

/** Points per dimension of a grid by default, as in Q-Sched's reference implementation. */
export const DEFAULT_GRID_POINTS = 11;
/** Points of an earlier search: more tell a smooth surface nothing new, and cost time at every ask. */
const MAX_PRIOR = 256;
/** Known points, and first ones. */
const MAX_GIVEN = 16;

/** Options with every default filled in. */
export interface FilledOptions {
  readonly space: SearchSpace;
  readonly seed: number;
  readonly budget: number;
  readonly batch: number;
  readonly gridPoints: number;
  readonly stepSize: number;
  readonly start: Point;
  readonly tolerance: number;
  readonly bounds: 'clip' | 'resample';
  readonly prior: readonly ScoredPoint[];
  readonly known: readonly ScoredPoint[];
  readonly first: readonly Point[];
  readonly restarts: 'none' | 'ipop' | 'bipop';
  /** Standard deviation of a score; null if it is not known. */
  readonly noise: number | null;
  readonly warmStart: readonly ScoredPoint[];
  /** Around `space`; null if its edges are fixed. */
  readonly limits: SearchSpace | null;
  readonly openedBudget: number;
}

/**
 * Checks options and fills their defaults, except `batch`, which depends on the optimizer.
 *
 * @param batch points per ask if the options do not set it
 * @throws QschedError (usage) naming the option, its value and what is allowed
 */
export function fillOptions(options: OptimizerOptions, batch: number): FilledOptions {
  checkSpace(options.space);
  const { space, gridPoints = DEFAULT_GRID_POINTS, stepSize = 1 / 6, tolerance = 1e-13, bounds = 'clip' } = options;
  checkWhole('seed', options.seed, 0, Number.MAX_SAFE_INTEGER);
  checkWhole('budget', options.budget, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('batch', options.batch ?? batch, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('openedBudget', options.openedBudget ?? options.budget, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('gridPoints', gridPoints, 2, 1001);
  if (!(stepSize > 0 && stepSize <= 1)) {
    throw wrong('stepSize', stepSize, 'a share of the range, above 0 and at most 1');
  }
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw wrong('tolerance', tolerance, 'a share of the range, from 0 to below 1');
  }
  if (bounds !== 'clip' && bounds !== 'resample') throw wrong('bounds', bounds, '"clip" or "resample"');
  const start = options.start ?? space.lower.map((low, i) => low * 0.5 + space.upper[i]! * 0.5);
  checkInside(start, space);
  const { restarts = 'none', noise = null, warmStart = [], prior = [], known = [], first = [] } = options;
  checkScored('prior', prior, space.lower.length, MAX_PRIOR);
  checkScored('known', known, space.lower.length, MAX_GIVEN);
  checkFirst(first, space);
  checkRuns({ restarts, noise, warmStart }, space);
  if (options.limits !== undefined) checkLimits(options.limits, space);
  return {
    space,
    seed: options.seed,
    budget: options.budget,
    batch: options.batch ?? batch,
    gridPoints,
    stepSize,
    start,
    tolerance,
    bounds,
    restarts,
    noise,
    warmStart,
    prior,
    known,
    first,
    limits: options.limits ?? null,
    openedBudget: options.openedBudget ?? options.budget,
  };
}

/** @throws QschedError (usage) if `value` is not a whole number from `least` to `most` */
export function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`;
    throw wrong(name, value, `a whole number, ${range}`);
  }
}

/** @throws QschedError (usage) if the box is empty, not finite or upside down */
export function checkSpace({ lower, upper }: SearchSpace): void {
  if (lower.length === 0) {
    throw new QschedError(
      'usage',
      'The search space has no dimension.',
      'Give lower and upper at least one number each.',
    );
  }
  if (lower.length !== upper.length) {
    throw new QschedError(
      'usage',
      `The search space has ${lower.length} lower and ${upper.length} upper bounds.`,
      'Give both the same length.',
    );
  }
  for (const [i, low] of lower.entries()) {
    const high = upper[i]!;
    if (!(abs(low) <= LARGEST_BOUND && abs(high) <= LARGEST_BOUND)) {
      throw new QschedError(
        'usage',
        `Dimension ${i + 1} of the search space goes from ${low} to ${high}: bounds must be finite, at most 1e300.`,
        'Give two finite numbers.',
      );
    }
    if (!(low < high)) {
      throw new QschedError(
        'usage',
        `Dimension ${i + 1} of the search space goes from ${low} to ${high}: the lower bound must be below the upper one.`,
        `For example from ${high} to ${low === high ? high + 1 : low}.`,
      );
    }
  }
}

function checkInside(start: Point, space: SearchSpace): void {
  if (!isInside(start, space)) throw wrong('start', start, `${space.lower.length} numbers inside the box`);
}

function checkScored(name: string, points: readonly ScoredPoint[], dimension: number, most: number): void {
  if (points.length > most) throw wrong(name, `${points.length} points`, `at most ${most} points`);
  const bad = points.find(
    ({ point, score }) => point.length !== dimension || ![...point, score].every(Number.isFinite),
  );
  if (bad !== undefined) throw wrong(name, bad, `points of ${dimension} finite numbers, each with a finite score`);
}

function checkFirst(first: readonly Point[], space: SearchSpace): void {
  if (first.length > MAX_GIVEN) throw wrong('first', `${first.length} points`, `at most ${MAX_GIVEN} points`);
  const bad = first.find((point) => !isInside(point, space));
  if (bad !== undefined) throw wrong('first', bad, 'points inside the box');
}

const isInside = (point: Point, { lower, upper }: SearchSpace): boolean =>
  point.length === lower.length && point.every((x, i) => x >= lower[i]! && x <= upper[i]!);

function checkRuns(
  { restarts, noise, warmStart }: Pick<FilledOptions, 'restarts' | 'noise' | 'warmStart'>,
  space: SearchSpace,
): void {
  if (!['none', 'ipop', 'bipop'].includes(restarts)) throw wrong('restarts', restarts, '"none", "ipop" or "bipop"');
  if (noise !== null && !(noise >= 0 && Number.isFinite(noise))) throw wrong('noise', noise, 'null, or at least 0');
  if (warmStart.length > 0 && warmStart.length < MIN_WARM_POINTS) {
    throw wrong('warmStart', `${warmStart.length} points`, `at least ${MIN_WARM_POINTS} points with their scores`);
  }
  const bad = warmStart.find(({ point, score }) => !isInside(point, space) || !Number.isFinite(score));
  if (bad !== undefined) throw wrong('warmStart', bad, 'points inside the box, each with a finite score');
}

function checkLimits(limits: SearchSpace, { lower, upper }: SearchSpace): void {
  checkSpace(limits);
  const around =
    limits.lower.length === lower.length &&
    lower.every((low, i) => limits.lower[i]! <= low && upper[i]! <= limits.upper[i]!);
  if (!around) throw wrong('limits', limits, `a box of ${lower.length} dimensions around the search space`);
}

function wrong(name: string, value: unknown, allowed: string): QschedError {
  return new QschedError(
    'usage',
    `The optimizer's ${name} is ${JSON.stringify(value) ?? String(value)}; it must be ${allowed}.`,
    `Change ${name}.`,
  );
}

/**
 * 64 bits over what must not change between saving and restoring: everything but budget, openedBudget, batch and
 * tolerance; later options only if they are not their defaults. It catches mistakes, not attacks. FNV-1a, 32 bits from each of
 * two offsets.
 */
export function fingerprint(name: string, options: FilledOptions): string {
  const { space, seed, gridPoints, stepSize, start, bounds, prior, known, first, limits, restarts, noise, warmStart } =
    options;
  const pairs = (points: readonly ScoredPoint[]): unknown[] => points.map(({ point, score }) => [point, score]);
  const always = [name, space.lower, space.upper, seed, gridPoints, stepSize, start, bounds];
  const text = JSON.stringify([
    ...always,
    ...(prior.length === 0 ? [] : [{ prior: pairs(prior) }]),
    ...(known.length === 0 ? [] : [{ known: pairs(known) }]),
    ...(first.length === 0 ? [] : [{ first }]),
    ...(limits === null ? [] : [{ limits: [limits.lower, limits.upper] }]),
    ...(restarts === 'none' ? [] : [{ restarts }]),
    ...(noise === null ? [] : [{ noise }]),
    ...(warmStart.length === 0 ? [] : [{ warmStart: pairs(warmStart) }]),
  ]);
  return [0x811c9dc5, 0x1b873593]
    .map((basis) => {
      let hash = basis;
      for (let i = 0; i < text.length; i += 1) hash = imul(hash ^ text.charCodeAt(i), 0x01000193);
      return (hash >>> 0).toString(16).padStart(8, '0');
    })
    .join('');
}
