/**
 * CMA-ES with active covariance update (Hansen, arXiv 1604.00772) in the normalised unit box.
 * The batch is the population; with restarts, that of the first run. A generation that the budget cuts short, or that is
 * larger than a batch, is told in parts, and the update is the same.
 *
 * A told point that is exactly the sample of its index keeps the unit coordinates it was sampled with (mapping it back
 * would change the last bits); any other point is mapped back to the unit box. So trajectories are those of 0.1.0 to
 * the bit, and the state contains no points unless others were told.
 *
 * Without restarts, the end of a run (cma-restarts.ts) is the end of the search.
 */
import { QschedError } from '../contract/errors.js';
import type { Algorithm, Stored } from './ask-tell.js';
import { cmaConstants } from './cma-constants.js';
import { readOwn, writeOwn } from './cma-memory.js';
import { firstRun, lastSpreads, nextRun, withinNoise, type Spread } from './cma-restarts.js';
import { firstState, samplePoint, updateState, type CmaState } from './cma-update.js';
import { WARM_ALPHA, warmStart } from './cma-warm-start.js';
import { matrixRoots } from './matrix-roots.js';
import type { Point } from './optimizer.js';
import type { FilledOptions } from './options.js';
import { createGenerator, type Draw } from './rng.js';
import { fromUnit, toUnit } from './unit-box.js';

const NAME = 'cma-es';
/** Attempt of the uniform draws of a restart: samples use attempts up to 100. */
const RESTART = 1000;

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
 * @param alpha what a warm start adds to every direction (cma-warm-start.ts)
 * @throws QschedError (usage) if the batch is below 2 or not that of the stored state
 */
export function cmaEs(
  options: FilledOptions,
  stored: Stored | null,
  normal: Draw = createGenerator(options.seed).normal,
  alpha = WARM_ALPHA,
): Algorithm {
  const { space, batch, stepSize, tolerance, bounds, restarts, noise } = options;
  const n = space.lower.length;
  if (batch < 2) {
    throw new QschedError(
      'usage',
      `${NAME} needs a batch of at least 2, its population; it is ${batch}.`,
      'Omit the batch to use the default.',
    );
  }
  /** Whether a run may end for another reason than its step. */
  const watched = restarts !== 'none' || noise !== null;
  const { uniform } = createGenerator(options.seed);
  const memory = stored === null ? null : readOwn(stored.own, n, batch, watched);
  let run = memory?.run ?? firstRun(batch);
  let constants = cmaConstants(n, run.population);
  let distribution = memory?.distribution ?? beginning(options, alpha);
  let roots = matrixRoots(distribution.c, n);
  let spreads: readonly Spread[] = memory?.spreads ?? [];
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

  /** @param asked points told, those of this generation included */
  function update(asked: number): void {
    if (generation.some(({ score }) => score !== null)) {
      distribution = updateState(distribution, constants, ranked(generation), roots);
      roots = matrixRoots(distribution.c, n);
    }
    if (watched) {
      const scores = generation.map(({ score }) => score);
      spreads = lastSpreads(spreads, scores);
      run = { ...run, told: run.told + scores.length };
    }
    generation = [];
    if (restarts !== 'none' && over() !== null) restart(asked, restarts);
  }

  /** Why this run is over. */
  function over(): string | null {
    const width = distribution.sigma * roots.largest;
    if (width <= tolerance) return `the step is ${width.toExponential(1)} of the range, at most ${tolerance}`;
    if (watched && withinNoise(spreads, noise)) return 'the scores differ by no more than their noise';
    return null;
  }

  function restart(asked: number, how: 'ipop' | 'bipop'): void {
    const draw = (coordinate: number): number => uniform(asked, coordinate, RESTART);
    const next = nextRun(how, run, [draw(n), draw(n + 1)]);
    ({ run } = next);
    constants = cmaConstants(n, run.population);
    distribution = firstState(
      Float64Array.from({ length: n }, (_, j) => draw(j)),
      stepSize * next.step,
    );
    roots = matrixRoots(distribution.c, n);
    spreads = [];
  }

  return {
    left: () => run.population - generation.length,
    propose: (asked, count) => Array.from({ length: count }, (_, i) => fromUnit(space, sample(asked + i))),
    absorb(asked, points, scores) {
      generation = [...generation, ...points.map((point, i) => received(asked + i, point, scores[i]!))];
      if (generation.length === run.population) update(asked + points.length);
    },
    stopReason() {
      const reason = restarts === 'none' ? over() : null;
      return reason === null ? null : `tolerance: ${reason}`;
    },
    own: () =>
      writeOwn(
        {
          distribution,
          scores: generation.map(({ score }) => score),
          others: new Map(generation.flatMap(({ x, sampled }, i) => (sampled ? [] : [[i, x]]))),
          run,
          spreads,
        },
        watched,
      ),
  };
}

/** Of the points to start from if there are any, else the start with C = I. */
function beginning({ space, start, stepSize, warmStart: points }: FilledOptions, alpha: number): CmaState {
  if (points.length === 0) return firstState(toUnit(space, start), stepSize);
  const { mean, sigma, c } = warmStart(
    points.map(({ point, score }) => ({ x: toUnit(space, point), score })),
    alpha,
  );
  return { ...firstState(mean, sigma), c };
}

/** Best first; failures last; ties in the order told. */
function ranked(generation: readonly Told[]): Float64Array[] {
  return generation
    .map(({ x, score }) => ({ x, score: score ?? Number.NEGATIVE_INFINITY }))
    .toSorted((a, b) => (a.score === b.score ? 0 : b.score - a.score))
    .map(({ x }) => x);
}
