/**
 * The points of a batch, chosen one after another on a surface: each is believed before the next is chosen, and has to be
 * improved on like the best told one. The first of them may be where the mean is highest: what the model would recommend,
 * whatever it does not know.
 */
import { createGenerator } from '../rng.js';
import { climbImprovement, logImprovement } from './expected-improvement.js';
import type { Ranked } from './model.js';
import { searchBox, type Box } from './search-box.js';
import type { Surface } from './surface.js';

const { max, min } = Math;
/** Candidates anywhere, and near the best points told. */
const ANYWHERE = 96;
const NEARBY = 32;
const SPREAD = 0.08;
/** Nearby is near the points with the best means. */
const CENTRES = 4;

export interface Wanted {
  readonly surface: Surface;
  /** Places with means, the best first: what has to be improved on, and where to look. */
  readonly ranked: readonly Ranked[];
  readonly box: Box;
  readonly seed: number;
  /** Index of the first point, which with the seed addresses the random numbers. */
  readonly from: number;
  readonly count: number;
  /** Whether the first point is where the mean is highest, instead of where it expects the largest improvement. */
  readonly greedy: boolean;
}

/** `count` points of the box, in units of the search space. */
export function proposals({ surface, ranked, box, seed, from, count, greedy }: Wanted): Float64Array[] {
  const { lower, upper } = box;
  const { uniform, normal } = createGenerator(seed);
  const centres = ranked.slice(0, CENTRES);
  let best = ranked[0]!.mean;
  const hill = {
    at: (x: Float64Array) => logImprovement(surface, x, best),
    climb: (x: Float64Array) => climbImprovement(surface, x, best),
  };

  const peak = {
    at: (x: Float64Array) => surface.mean(x),
    climb: (x: Float64Array) => ({ value: surface.mean(x), gradient: surface.gradient({ mean: 1, deviation: 0 }) }),
  };

  function candidates(index: number): Float64Array[] {
    const anywhere = Array.from({ length: ANYWHERE }, (_, c) =>
      Float64Array.from(lower, (low, j) => low + (upper[j]! - low) * uniform(index, j, c)),
    );
    const nearby = Array.from({ length: NEARBY }, (_, c) =>
      centres[c % centres.length]!.x.map((x, j) =>
        max(lower[j]!, min(upper[j]!, x + SPREAD * normal(index, j, ANYWHERE + c))),
      ),
    );
    return [...nearby, ...anywhere];
  }

  return Array.from({ length: count }, (_, i) => {
    const found = searchBox(greedy && i === 0 ? peak : hill, candidates(from + i), box);
    best = max(best, surface.believe(found));
    return found;
  });
}
