/** The Gaussian process against scikit-learn's, its log posterior against differences, ln h(z) against 60 digits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../inference/models/model-roots.js';
import { logH } from '../../optimizers/gp/expected-improvement.js';
import { fitKernel, posterior } from '../../optimizers/gp/fit-kernel.js';
import { standardised } from '../../optimizers/gp/standardise.js';
import { surfaceOf } from '../../optimizers/gp/surface.js';

interface Golden {
  readonly surfaces: readonly {
    readonly points: number[][];
    readonly scores: number[];
    readonly weights: number[];
    readonly scale: number;
    readonly noise: number;
    readonly at: number[][];
    readonly mean: number[];
    readonly deviation: number[];
    readonly posterior: number;
    readonly gradient: number[];
  }[];
  readonly improvement: readonly { readonly z: number; readonly value: number }[];
}

const golden = JSON.parse(readFileSync(join(packageRoot(), 'test/golden/gaussian-process.json'), 'utf8')) as Golden;

/** Distance from the expected value, relative where that is large. */
const off = (found: number, expected: number): number => Math.abs(found - expected) / Math.max(1, Math.abs(expected));

describe.each(golden.surfaces)('a surface of $weights.length dimensions', (of) => {
  const points = of.points.map((point) => Float64Array.from(point));
  const known = { points, scores: Float64Array.from(of.scores), spread: new Float64Array(points.length).fill(1) };
  const kernel = { weights: Float64Array.from(of.weights), scale: of.scale, noise: of.noise };
  const theta = Float64Array.from([...of.weights, of.scale, of.noise], Math.log);

  test("has scikit-learn's mean and deviation", () => {
    const surface = surfaceOf(kernel, known);
    of.at.forEach((point, i) => {
      const { mean, deviation } = surface.at(Float64Array.from(point));
      expect(off(mean, of.mean[i]!)).toBeLessThan(1e-9);
      expect(off(deviation, of.deviation[i]!)).toBeLessThan(1e-7);
    });
  });

  test('has the log posterior and its gradient', () => {
    const { value, gradient } = posterior(theta, known);
    expect(off(value, of.posterior)).toBeLessThan(1e-9);
    of.gradient.forEach((slope, i) => expect(off(gradient[i]!, slope)).toBeLessThan(1e-5));
  });

  test('is fitted no worse than it was made, at a point where the gradient vanishes', () => {
    const { weights, scale, noise } = fitKernel(known);
    const found = posterior(Float64Array.from([...weights, scale, noise], Math.log), known);
    expect(found.value).toBeGreaterThanOrEqual(of.posterior);
    const steep = found.gradient.filter((slope) => Math.abs(slope) > 0.3);
    expect([...steep]).toEqual([]);
  });

  test('that believes a point passes nearer to its own mean there, and is surer', () => {
    const surface = surfaceOf(kernel, known, 1);
    const place = Float64Array.from(of.at[0]!);
    const before = surface.at(place);
    surface.believe(place);
    const after = surface.at(place);
    expect(off(after.mean, before.mean)).toBeLessThan(1e-9);
    expect(after.deviation).toBeLessThan(before.deviation);
  });
});

test.each(golden.improvement)('ln h($z)', ({ z, value }) => expect(off(logH(z), value)).toBeLessThan(1e-11));

describe('scores for a model', () => {
  test('have mean 0 and variance 1', () => {
    const values = standardised([1, 2, 3, 4]);
    expect(
      off(
        values.reduce((sum, x) => sum + x, 0),
        0,
      ),
    ).toBeLessThan(1e-12);
    expect(off(values.reduce((sum, x) => sum + x * x, 0) / 4, 1)).toBeLessThan(1e-12);
  });

  test('are cut far below the median, and a failure is as bad', () => {
    expect(standardised([5, 4, 4, 4, -1e9])).toEqual(standardised([5, 4, 4, 4, null]));
    expect(standardised([5, 4, 4, 4, null])[4]).toBe(standardised([5, 4, 4, 4, 1])[4]);
  });

  test('without a difference, or without a number, are 0', () => {
    expect([...standardised([2, 2])]).toEqual([0, 0]);
    expect([...standardised([null, null])]).toEqual([0, 0]);
    expect([...standardised([2, null])]).toEqual([0, 0]);
  });
});
