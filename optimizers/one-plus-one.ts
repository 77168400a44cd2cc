/**
 * (1+1) evolution strategy with the one-fifth rule, as Nevergrad 1.0.12's OnePlusOne.
 *
 *   point 0      the start (the middle of the box)
 *   later        x = best + w sigma z,  z ~ N(0, I),  w = stepSize (upper - lower)  (default 1/6 of the range)
 *   bounds       bounce once, then clip: y = clip(x); y = clip(2 y - x)
 *   score        above the best: sigma * 2; below: sigma * 0.84; equal: unchanged. A tie replaces the best.
 *
 * Points asked together share parent and sigma. Before the first score, the best is worse than any score, so the first
 * score doubles sigma. A failure counts as worse than the best, and leaves sigma unchanged while there is no best.
 * Nevergrad's noise-aware estimates are left out: they would let a point that is told twice displace a better one.
 */
import { damaged, type Algorithm, type OwnState, type Stored } from './ask-tell.js';
import type { JsonValue, Point } from './optimizer.js';
import type { FilledOptions } from './options.js';
import { createGenerator, type Draw } from './rng.js';

const { max, min } = Math;
const NAME = 'one-plus-one';
/** sigma stays a positive finite number; beyond these bounds it has no further effect. */
const SMALLEST_SIGMA = 1e-300;
const LARGEST_SIGMA = 1e300;

/**
 * The (1+1) strategy as an algorithm.
 *
 * @param normal standard normal draws; those of the seed by default
 */
export function onePlusOne(
  { space: { lower, upper }, seed, stepSize, start }: FilledOptions,
  stored: Stored | null,
  normal: Draw = createGenerator(seed).normal,
): Algorithm {
  let { sigma, parent, best } =
    stored === null ? { sigma: 1, parent: start, best: null } : readOwn(stored.own, lower.length);

  function clip(x: number, i: number): number {
    return max(lower[i]!, min(upper[i]!, x));
  }

  function mutate(index: number): Point {
    return parent.map((from, i) => {
      const x = from + stepSize * (upper[i]! - lower[i]!) * sigma * normal(index, i, 0);
      return clip(2 * clip(x, i) - x, i);
    });
  }

  return {
    left: () => Number.POSITIVE_INFINITY,
    propose: (asked, count) => Array.from({ length: count }, (_, i) => (asked + i === 0 ? start : mutate(asked + i))),
    absorb(_asked, points, scores) {
      for (const [i, score] of scores.entries()) {
        if (score === null) {
          if (best !== null) sigma = max(SMALLEST_SIGMA, sigma * 0.84);
          continue;
        }
        if (best === null || score > best) sigma = min(LARGEST_SIGMA, sigma * 2);
        else if (score < best) sigma = max(SMALLEST_SIGMA, sigma * 0.84);
        if (best === null || score >= best) {
          best = score;
          parent = points[i]!;
        }
      }
    },
    stopReason: () => null,
    own: () => ({ sigma, parent, best }),
  };
}

function readOwn(
  { sigma, parent, best }: OwnState,
  dimension: number,
): { sigma: number; parent: Point; best: number | null } {
  if (typeof sigma !== 'number' || !(sigma > 0)) throw damaged(NAME, 'sigma is not a positive number');
  if (!isPoint(parent, dimension)) throw damaged(NAME, `parent is not ${dimension} numbers`);
  if (best !== null && typeof best !== 'number') throw damaged(NAME, 'best is not a number');
  return { sigma, parent, best };
}

function isPoint(value: JsonValue | undefined, dimension: number): value is Point {
  return Array.isArray(value) && value.length === dimension && value.every((x) => typeof x === 'number');
}
