/** The Gaussian process with two coefficients for each of 16 steps: 32 numbers, the most that are searched. */
import { describe, expect, it } from 'vitest';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import {
  createOptimizer,
  restoreOptimizer,
  type OptimizerOptions,
  type OptimizerState,
  type Point,
} from '../../optimizers/index.js';

const STEPS = 16;
const space = coefficientSpace({ shape: 'per-step', tune: 'both', range: [0.8, 1.2], steps: STEPS });
/** The best coefficients lie off the middle, by amounts that fall from step to step; late steps matter less. */
const optimum = space.names.map((_, i) => 1 + 0.12 * Math.cos(i) * 0.9 ** (i % STEPS));
const weights = space.names.map((_, i) => 0.8 ** (i % STEPS));
const score = (point: Point): number =>
  1 - point.reduce((sum, value, i) => sum + weights[i]! * ((value - optimum[i]!) / 0.2) ** 2, 0);

const options = (seed: number): OptimizerOptions => ({
  space: { lower: space.lower, upper: space.upper },
  seed,
  budget: 96,
  batch: 8,
});

/** Asks and tells to the end; every generation from its stored state, as a search that is resumed does. */
function run(seed: number, stored: boolean): Point[] {
  let optimizer = createOptimizer('gp', options(seed));
  const all: Point[] = [];
  for (let points = optimizer.ask(); points.length > 0; points = optimizer.ask()) {
    all.push(...points);
    optimizer.tell(points, points.map(score));
    if (stored) {
      const state = JSON.parse(JSON.stringify(optimizer.state())) as OptimizerState;
      optimizer = restoreOptimizer(state, options(seed));
    }
  }
  return all;
}

describe('gp in 32 dimensions', () => {
  const points = run(5, false);

  it('asks for finite points within the range, each once', () => {
    expect(points).toHaveLength(96);
    for (const point of points) {
      expect(point).toHaveLength(2 * STEPS);
      for (const value of point) {
        expect(value).toBeGreaterThanOrEqual(0.8);
        expect(value).toBeLessThanOrEqual(1.2);
      }
    }
    expect(new Set(points.map(String)).size).toBe(96);
  });

  it('asks for the same points again, also from a state that was stored after every generation', () => {
    expect(run(5, true)).toEqual(points);
    expect(run(6, false)).not.toEqual(points);
  });

  it('improves on the baseline, and more than random points do', () => {
    const best = (some: readonly Point[]): number => Math.max(...some.map(score));
    const random = createOptimizer('random', { ...options(5), batch: 96 }).ask();
    const baseline = score(space.names.map(() => 1));
    expect(best(points)).toBeGreaterThan(baseline + 0.2);
    expect(best(points)).toBeGreaterThan(best(random) + 0.2);
    expect(best(points.slice(48))).toBeGreaterThan(best(points.slice(0, 48)));
  });
});
