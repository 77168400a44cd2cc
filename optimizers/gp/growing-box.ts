/**
 * A search space whose edges move outwards within limits. An edge is at a whole number of steps of a quarter of the
 * first range beyond its first place (or at its limit); it has moved as soon as a told point lies beyond it. So the box
 * follows from what was told, and moves again in the same way whenever the same points are told.
 */
import { damaged, type OwnState } from '../ask-tell.js';
import type { SearchSpace } from '../optimizer.js';
import { toUnit } from '../unit-box.js';
import type { Box } from './search-box.js';
import type { Surface } from './surface.js';

const { ceil, max, min } = Math;
const STEP = 0.25;
/** The best lies at an edge within this share of the box's width. */
const NEAR = 0.02;
/** Of a step: what is told comes back from the state by so much less exact. */
const ROUNDING = 1e-5;
/** Where the surface is looked at beyond an edge, as shares of a step. */
const AHEAD = [0.05, 0.1, 0.25, 0.5, 1];

/** Steps by which the lower and the upper edges have moved, one pair per dimension. */
export type Moved = readonly (readonly [down: number, up: number])[];

/** The limits in units of the space. */
export const limitsOf = (space: SearchSpace, limits: SearchSpace | null): Box => ({
  lower: [...toUnit(space, (limits ?? space).lower)],
  upper: [...toUnit(space, (limits ?? space).upper)],
});

export const boxOf = (moved: Moved, limits: Box): Box => ({
  lower: moved.map(([down], i) => max(limits.lower[i]!, -STEP * down)),
  upper: moved.map(([, up], i) => min(limits.upper[i]!, 1 + STEP * up)),
});

/** In the units of the user, where the ends that have not moved, or have reached a limit, are exact. */
export function spaceOf(moved: Moved, space: SearchSpace, limits: SearchSpace): SearchSpace {
  const width = (i: number): number => space.upper[i]! - space.lower[i]!;
  return {
    lower: moved.map(([down], i) => max(limits.lower[i]!, space.lower[i]! - STEP * down * width(i))),
    upper: moved.map(([, up], i) => min(limits.upper[i]!, space.upper[i]! + STEP * up * width(i))),
  };
}

/** @throws QschedError (failure) if the state has no place for every edge */
export function readMoved(own: OwnState | null, dimension: number, limits: SearchSpace | null): Moved {
  if (own === null || limits === null) return Array.from({ length: dimension }, () => [0, 0]);
  const { box } = own;
  const whole = (steps: unknown): steps is number => Number.isSafeInteger(steps) && (steps as number) >= 0;
  const pairs = Array.isArray(box) ? (box as readonly unknown[]) : [];
  const moved = pairs.flatMap((pair) => (Array.isArray(pair) && pair.length === 2 && pair.every(whole) ? [pair] : []));
  if (moved.length !== dimension) throw damaged('gp', `box is not ${dimension} pairs of steps`);
  return moved.map(([down, up]) => [down!, up!]);
}

/** Moves the edges as far as needed to contain points, given in units of the space. */
export const containing = (moved: Moved, points: readonly Float64Array[]): Moved =>
  moved.map(([down, up], i) => [
    points.reduce((most, x) => max(most, ceil(-x[i]! / STEP - ROUNDING)), down),
    points.reduce((most, x) => max(most, ceil((x[i]! - 1) / STEP - ROUNDING)), up),
  ]);

/**
 * The box for the next points: an edge is a step further out where the best point lies near it and the surface expects
 * more within that step, the other coordinates kept.
 *
 * @param best the told point with the best mean
 */
export function boxBeyond(surface: Surface, best: Float64Array, moved: Moved, limits: Box): Box {
  const box = boxOf(moved, limits);
  const mean = surface.mean(best);
  const better = (i: number, from: number, to: number): boolean =>
    from !== to &&
    AHEAD.some((share) => {
      const beyond = best.slice();
      beyond[i] = from + share * (to - from);
      return surface.mean(beyond) > mean;
    });
  const wider = boxOf(
    moved.map(([down, up]) => [down + 1, up + 1]),
    limits,
  );
  const near = (i: number): number => NEAR * (box.upper[i]! - box.lower[i]!);
  return {
    lower: box.lower.map((edge, i) =>
      best[i]! - edge <= near(i) && better(i, edge, wider.lower[i]!) ? wider.lower[i]! : edge,
    ),
    upper: box.upper.map((edge, i) =>
      edge - best[i]! <= near(i) && better(i, edge, wider.upper[i]!) ? wider.upper[i]! : edge,
    ),
  };
}
