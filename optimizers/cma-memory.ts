/** The stored state of CMA-ES: plain JSON from what it remembers, and back. */
import { QschedError } from '../contract/errors.js';
import { damaged, type OwnState } from './ask-tell.js';
import { firstRun, type Run, type Spread } from './cma-restarts.js';
import type { CmaState } from './cma-update.js';
import type { JsonValue } from './optimizer.js';
import { packFloats, unpackFloats } from './pack-floats.js';

const NAME = 'cma-es';

/** What a stored state holds; `others` are the told points of its generation that were not sampled, by place. */
export interface Memory {
  readonly distribution: CmaState;
  readonly scores: readonly (number | null)[];
  readonly others: ReadonlyMap<number, Float64Array>;
  readonly run: Run;
  readonly spreads: readonly Spread[];
}

/** @param watched whether runs may end before the budget does: only then are run and spreads stored */
export function writeOwn({ distribution, scores, others, run, spreads }: Memory, watched: boolean): OwnState {
  return {
    population: run.population,
    generation: distribution.g,
    sigma: distribution.sigma,
    mean: packFloats(distribution.mean),
    pSigma: packFloats(distribution.pSigma),
    pC: packFloats(distribution.pC),
    upperC: packFloats(upperTriangle(distribution.c, distribution.mean.length)),
    scores: packFloats(scores),
    ...(others.size === 0
      ? {}
      : { others: Object.fromEntries(Array.from(others, ([i, x]) => [String(i), packFloats(x)])) }),
    ...(watched ? { run: { ...run }, spreads: packFloats(spreads.flat()) } : {}),
  };
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

/**
 * @param first population of the first run
 * @throws QschedError (usage) for another population, (failure) for a damaged state
 */
export function readOwn(own: OwnState, n: number, first: number, watched: boolean): Memory {
  const { population, generation, sigma } = own;
  if (typeof population !== 'number' || typeof generation !== 'number') {
    throw damaged(NAME, 'population or generation is not a number');
  }
  const run = watched ? readRun(own['run']) : { ...firstRun(first), population };
  if (run.population !== population) throw damaged(NAME, 'its run has another population');
  const begun = watched ? run.first : population;
  if (begun !== first) {
    throw new QschedError(
      'usage',
      `The stored state of ${NAME} has a population of ${begun}, but the batch is ${first}.`,
      `Set the batch to ${begun}.`,
    );
  }
  if (typeof sigma !== 'number' || !(sigma > 0)) throw damaged(NAME, 'sigma is not a positive number');
  const scores = floats(own['scores'], 'scores', null);
  if (scores.length >= population) throw damaged(NAME, 'more scores than points');
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
    run,
    spreads: watched ? readSpreads(own['spreads']) : [],
  };
}

function readRun(stored: JsonValue | undefined): Run {
  const names = Object.keys(firstRun(1)) as (keyof Run)[];
  const isRun = (value: unknown): value is Run =>
    typeof value === 'object' && value !== null && names.every((name) => Number.isSafeInteger((value as Run)[name]));
  if (!isRun(stored) || stored.population < 1) throw damaged(NAME, 'its run is not a group of whole numbers');
  return stored;
}

function readSpreads(stored: JsonValue | undefined): Spread[] {
  const numbers = floats(stored, 'spreads', null);
  if (numbers.length % 3 !== 0) throw damaged(NAME, 'its spreads are not three numbers each');
  return Array.from({ length: numbers.length / 3 }, (_, i) => [
    numbers[3 * i]!,
    numbers[3 * i + 1]!,
    numbers[3 * i + 2]!,
  ]);
}

/** Numbers of the state; `length` null allows any. */
function floats(value: JsonValue | undefined, name: string, length: number | null): Float64Array {
  const numbers = typeof value === 'string' ? unpackFloats(value) : null;
  if (numbers === null || (length !== null && numbers.length !== length)) {
    throw damaged(NAME, `${name} is not ${length ?? 'a list of'} numbers`);
  }
  return numbers;
}
