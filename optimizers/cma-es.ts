/**
 * CMA-ES with active covariance update (Hansen, arXiv 1604.00772) in the normalised unit box.
 * The batch is the population. A generation that the budget cuts short is told in parts: if the
 * budget grows later, the missing points follow and the update is the same.
 *
 * A told point that is exactly the sample of its index keeps the unit coordinates it was sampled with (mapping it back
 * would change the last bits); any other point is mapped back to the unit box. So trajectories are those of 0.1.0 to
 * the bit, and the state contains no points unless others were told.
 */
import { QschedError } from '../contract/errors.js';
import { damaged, type Algorithm, type OwnState, type Stored } from './ask-tell.js';
import { cmaConstants } from './cma-constants.js';
import { firstState, samplePoint, updateState, type CmaState } from './cma-update.js';
import { matrixRoots } from './matrix-roots.js';
import type { JsonValue, Point } from './optimizer.js';
import type { FilledOptions } from './options.js';
import { packFloats, unpackFloats } from './pack-floats.js';
import { createGenerator, type Draw } from './rng.js';
import { fromUnit, toUnit } from './unit-box.js';

const NAME = 'cma-es';

/** A told point of the current generation. */
interface Told {
  /** In the unit box. */
  readonly x: Float64Array;
  /** Whether it is the sample of its index. */
  readonly sampled: boolean;
  readonly score: number | null;
}

/**
 * CMA-ES as an algorithm.
 *
 * @param normal standard normal draws; those of the seed by default
 * @throws QschedError (usage) if the batch is below 2 or not that of the stored state
 */
export function cmaEs(
  options: FilledOptions,
  stored: Stored | null,
  normal: Draw = createGenerator(options.seed).normal,
): Algorithm {
  const { space, batch: lambda, stepSize, start, tolerance, bounds } = options;
  const n = space.lower.length;
  if (lambda < 2) {
    throw new QschedError(
      'usage',
      `${NAME} needs a batch of at least 2, its population; it is ${lambda}.`,
      'Omit the batch to use the default.',
    );
  }
  const constants = cmaConstants(n, lambda);
  const memory = stored === null ? null : readOwn(stored.own, n, lambda);
  let distribution = memory?.distribution ?? firstState(toUnit(space, start), stepSize);
  let roots = matrixRoots(distribution.c, n);
  /** Point `index` of the whole search, in the unit box. */
  const sample = (index: number): Float64Array => samplePoint(distribution, roots, normal, index, bounds);
  let generation: Told[] = (memory?.scores ?? []).map((score, i, { length }) => {
    const other = memory!.others.get(i);
    return { x: other ?? sample(stored!.asked - length + i), sampled: other === undefined, score };
  });

  function received(index: number, point: Point, score: number | null): Told {
    const x = sample(index);
    const sampled = fromUnit(space, x).every((value, j) => value === point[j]);
    return { x: sampled ? x : toUnit(space, point), sampled, score };
  }

  function update(): void {
    if (generation.some(({ score }) => score !== null)) {
      distribution = updateState(distribution, constants, ranked(generation), roots);
      roots = matrixRoots(distribution.c, n);
    }
    generation = [];
  }

  return {
    left: () => lambda - generation.length,
    propose: (asked, count) => Array.from({ length: count }, (_, i) => fromUnit(space, sample(asked + i))),
    absorb(asked, points, scores) {
      generation = [...generation, ...points.map((point, i) => received(asked + i, point, scores[i]!))];
      if (generation.length === lambda) update();
    },
    stopReason() {
      const width = distribution.sigma * roots.largest;
      if (width > tolerance) return null;
      return `tolerance: the step is ${width.toExponential(1)} of the range, at most ${tolerance}`;
    },
    own() {
      const others = generation.flatMap(({ x, sampled }, i) => (sampled ? [] : [[String(i), packFloats(x)] as const]));
      return {
        population: lambda,
        generation: distribution.g,
        sigma: distribution.sigma,
        mean: packFloats(distribution.mean),
        pSigma: packFloats(distribution.pSigma),
        pC: packFloats(distribution.pC),
        upperC: packFloats(upperTriangle(distribution.c, n)),
        scores: packFloats(generation.map(({ score }) => score)),
        ...(others.length === 0 ? {} : { others: Object.fromEntries(others) }),
      };
    },
  };
}

/** Best first; failures last; ties in the order told. */
function ranked(generation: readonly Told[]): Float64Array[] {
  return generation
    .map(({ x, score }) => ({ x, score: score ?? Number.NEGATIVE_INFINITY }))
    .toSorted((a, b) => (a.score === b.score ? 0 : b.score - a.score))
    .map(({ x }) => x);
}

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

/** What a stored state holds; `others` are the told points of its generation that were not sampled, by place. */
interface Memory {
  readonly distribution: CmaState;
  readonly scores: readonly (number | null)[];
  readonly others: ReadonlyMap<number, Float64Array>;
}

function readOwn(own: OwnState, n: number, lambda: number): Memory {
  const { population, generation, sigma } = own;
  if (typeof population !== 'number' || typeof generation !== 'number') {
    throw damaged(NAME, 'population or generation is not a number');
  }
  if (population !== lambda) {
    throw new QschedError(
      'usage',
      `The stored state of ${NAME} has a population of ${population}, but the batch is ${lambda}.`,
      `Set the batch to ${population}.`,
    );
  }
  if (typeof sigma !== 'number' || !(sigma > 0)) throw damaged(NAME, 'sigma is not a positive number');
  const scores = floats(own['scores'], 'scores', null);
  if (scores.length >= lambda) throw damaged(NAME, 'more scores than points');
  const { others = {} } = own;
  if (typeof others !== 'object' || others === null) throw damaged(NAME, 'others is not a group of points');
  return {
    distribution: {
      g: generation,
      sigma,
      mean: floats(own['mean'], 'mean', n),
      pSigma: floats(own['pSigma'], 'pSigma', n),
      pC: floats(own['pC'], 'pC', n),
      c: fromUpperTriangle(floats(own['upperC'], 'upperC', (n * (n + 1)) / 2), n),
    },
    scores: Array.from(scores, (score) => (Number.isNaN(score) ? null : score)),
    others: new Map(Object.entries(others).map(([i, x]) => [Number(i), floats(x, 'a point', n)])),
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
