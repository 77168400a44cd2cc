/**
 * CMA-ES with active covariance update (Hansen, arXiv 1604.00772) in the normalised unit box.
 * The batch is the population. A generation that the budget cuts short is told in parts: where the
 * budget grows later, the missing points follow and the update is the same.
 */
import { QschedError } from '../contract/errors.js';
import { damaged, type Algorithm, type OwnState } from './ask-tell.js';
import { cmaConstants } from './cma-constants.js';
import { firstState, samplePoint, updateState, type CmaState } from './cma-update.js';
import { matrixRoots } from './matrix-roots.js';
import type { JsonValue, Point } from './optimizer.js';
import type { FilledOptions } from './options.js';
import { packFloats, unpackFloats } from './pack-floats.js';
import { createGenerator, type Draw } from './rng.js';
import { fromUnit, toUnit } from './unit-box.js';

const NAME = 'cma-es';

interface Memory {
  readonly distribution: CmaState;
  /** Index of this generation's first point, over the whole search. */
  readonly first: number;
  /** Points of this generation that are told already, in the unit box, and their scores; null: those it would ask. */
  readonly points: readonly Float64Array[] | null;
  readonly scores: readonly (number | null)[];
}

/**
 * CMA-ES as an algorithm.
 *
 * @param normal standard normal draws; those of the seed where absent
 * @throws QschedError (usage) where the batch is below 2 or not that of the stored state
 */
export function cmaEs(
  options: FilledOptions,
  own: OwnState | null,
  normal: Draw = createGenerator(options.seed).normal,
): Algorithm {
  const { space, batch: lambda, stepSize, start, tolerance, bounds } = options;
  const n = space.lower.length;
  if (lambda < 2) {
    throw new QschedError(
      'usage',
      `${NAME} needs a batch of at least 2, its population; it is ${lambda}.`,
      'Leave out the batch to get the default.',
    );
  }
  const constants = cmaConstants(n, lambda);
  const memory =
    own === null
      ? { distribution: firstState(toUnit(space, start), stepSize), first: 0, points: [], scores: [] }
      : readOwn(own, n, lambda);
  let { distribution, first, scores }: Memory = memory;
  let roots = matrixRoots(distribution.c, n);

  /** Point `index` of the whole search. */
  const draw = (index: number): Point => fromUnit(space, samplePoint(distribution, roots, normal, index, bounds));
  /** The points of this generation that it would have asked for, in the unit box. */
  const drawn = (count: number): Float64Array[] =>
    Array.from({ length: count }, (_, i) => toUnit(space, draw(first + i)));
  let points = memory.points ?? drawn(scores.length);

  /** Best first; failed ones last; ties in ask order. */
  function ranked(): Float64Array[] {
    return points
      .map((x, i) => ({ x, score: scores[i] ?? Number.NEGATIVE_INFINITY }))
      .toSorted((a, b) => (a.score === b.score ? 0 : b.score - a.score))
      .map(({ x }) => x);
  }

  function update(): void {
    if (scores.some((score) => score !== null)) {
      distribution = updateState(distribution, constants, ranked(), roots);
      roots = matrixRoots(distribution.c, n);
    }
    first += scores.length;
    [points, scores] = [[], []];
  }

  return {
    left: () => lambda - scores.length,
    propose: (asked, count) => Array.from({ length: count }, (_, i) => draw(asked + i)),
    absorb(told, own) {
      const known = told.map((point) => toUnit(space, point));
      points = [...points, ...known];
      scores = [...scores, ...own];
      if (scores.length === lambda) update();
    },
    stopReason() {
      const width = distribution.sigma * roots.largest;
      if (width > tolerance) return null;
      return `tolerance: the step is ${width.toExponential(1)} of the range, at most ${tolerance}`;
    },
    own: () => ({
      population: lambda,
      generation: distribution.g,
      sigma: distribution.sigma,
      mean: packFloats(distribution.mean),
      pSigma: packFloats(distribution.pSigma),
      pC: packFloats(distribution.pC),
      upperC: packFloats(upperTriangle(distribution.c, n)),
      first,
      points: isSame(points, drawn(points.length)) ? null : packFloats(points.flatMap((x) => [...x])),
      scores: packFloats(scores),
    }),
  };
}

const isSame = (one: readonly Float64Array[], other: readonly Float64Array[]): boolean =>
  one.every((x, i) => x.every((value, j) => value === other[i]![j]));

function upperTriangle(c: Float64Array, n: number): number[] {
  return Array.from({ length: n }, (_, i) => [...c.subarray(i * n + i, (i + 1) * n)]).flat();
}

function fromUpperTriangle(upper: Float64Array, n: number): Float64Array {
  const c = new Float64Array(n * n);
  let at = 0;
  for (let i = 0; i < n; i += 1) {
    for (let j = i; j < n; j += 1) {
      c[i * n + j] = c[j * n + i] = upper[at]!;
      at += 1;
    }
  }
  return c;
}

function readOwn(own: OwnState, n: number, lambda: number): Memory {
  const { population, generation, sigma } = own;
  if (typeof population !== 'number' || typeof generation !== 'number') {
    throw damaged(NAME, 'population or generation is not a number');
  }
  if (population !== lambda) {
    throw new QschedError(
      'usage',
      `The stored state of ${NAME} has a population of ${population}, and the batch is ${lambda}.`,
      `Set the batch to ${population}.`,
    );
  }
  if (typeof sigma !== 'number' || !(sigma > 0)) throw damaged(NAME, 'sigma is not a positive number');
  const scores = floats(own['scores'], 'scores', null);
  if (scores.length >= lambda) throw damaged(NAME, 'more scores than points');
  const distribution = {
    g: generation,
    sigma,
    mean: floats(own['mean'], 'mean', n),
    pSigma: floats(own['pSigma'], 'pSigma', n),
    pC: floats(own['pC'], 'pC', n),
    c: fromUpperTriangle(floats(own['upperC'], 'upperC', (n * (n + 1)) / 2), n),
  };
  // A state of 0.1.0 has neither `first` nor `points`; it was never saved in the middle of a generation.
  const first = own['first'] ?? generation * lambda;
  if (typeof first !== 'number') throw damaged(NAME, 'first is not a number');
  const flat = (own['points'] ?? null) === null ? null : floats(own['points'], 'points', scores.length * n);
  return {
    distribution,
    first,
    points: flat && Array.from({ length: scores.length }, (_, i) => flat.slice(i * n, (i + 1) * n)),
    scores: Array.from(scores, (score) => (Number.isNaN(score) ? null : score)),
  };
}

/** Numbers of the state; `length` null allows any. */
function floats(value: JsonValue | undefined, name: string, length: number | null): Float64Array {
  const numbers = typeof value === 'string' ? unpackFloats(value) : null;
  if (numbers === null || (length !== null && numbers.length !== length)) {
    throw damaged(NAME, `${name} is not ${length ?? 'a list of'} numbers`);
  }
  return numbers;
}
