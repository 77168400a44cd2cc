/** The Gaussian process against scikit-learn's, its log posterior against differences, ln h(z) against 60 digits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../inference/models/model-roots.js';
import { climbImprovement, logH, logImprovement } from '../../optimizers/gp/expected-improvement.js';
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
  const known = {
    points,
    scores: Float64Array.from(of.scores),
    spread: new Float64Array(points.length).fill(1),
    prior: null,
  };
  const kernel = { weights: Float64Array.from(of.weights), scale: of.scale, noise: of.noise, trust: 0 };
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
    const { value, gradient } = posterior(known)(theta);
    expect(off(value, of.posterior)).toBeLessThan(1e-9);
    of.gradient.forEach((slope, i) => expect(off(gradient[i]!, slope)).toBeLessThan(1e-5));
  });

  test('is fitted no worse than it was made, at a point where the gradient vanishes', () => {
    const { weights, scale, noise } = fitKernel(known);
    const found = posterior(known)(Float64Array.from([...weights, scale, noise], Math.log));
    expect(found.value).toBeGreaterThanOrEqual(of.posterior);
    const steep = found.gradient.filter((slope) => Math.abs(slope) > 0.3);
    expect([...steep]).toEqual([]);
  });

  test('that believes a point keeps its mean everywhere, and is sure there', () => {
    const surface = surfaceOf(kernel, known, 2);
    const [place, other] = of.at.map((point) => Float64Array.from(point));
    const [before, there] = [surface.at(place!), surface.at(other!)];
    expect(surface.believe(place!)).toBe(before.mean);
    const after = surface.at(place!);
    expect(after.mean).toBe(before.mean);
    expect(after.deviation).toBeLessThan(1e-3 * before.deviation);
    expect(surface.at(other!).mean).toBe(there.mean);
    expect(surface.at(other!).deviation).toBeLessThan(there.deviation);
  });

  test('has the gradient of the log improvement, with a prior and a believed point', () => {
    const prior = {
      at: (x: Float64Array) => Math.sin(x[0]!),
      addGradient: (x: Float64Array, factor: number, sum: Float64Array) => void (sum[0]! += factor * Math.cos(x[0]!)),
    };
    const surface = surfaceOf({ ...kernel, trust: 0.7 }, { ...known, prior }, 1);
    const [place, ...others] = of.at.map((point) => Float64Array.from(point));
    surface.believe(place!);
    for (const point of others) {
      for (const best of [-1, 1, 4]) {
        const { value, gradient } = climbImprovement(surface, point, best);
        expect(value).toBe(logImprovement(surface, point, best));
        gradient.forEach((slope, i) => {
          const moved = (step: number): Float64Array => point.map((x, j) => (i === j ? x + step : x));
          const [low, high] = [-1e-5, 1e-5].map((step) => logImprovement(surface, moved(step), best));
          expect(off(slope, (high! - low!) / 2e-5)).toBeLessThan(1e-4);
        });
      }
    }
  });

  test('has the gradient of the log posterior by the trust in a prior', () => {
    const prior = { at: (x: Float64Array) => Math.cos(3 * x[0]!), addGradient: () => undefined };
    const at = posterior({ ...known, prior });
    const withTrust = (trust: number): Float64Array => Float64Array.from([...theta, trust]);
    for (const trust of [-0.2, 0.4, 1]) {
      const [low, high] = [-1e-5, 1e-5].map((step) => at(withTrust(trust + step)).value);
      expect(off(at(withTrust(trust)).gradient.at(-1)!, (high! - low!) / 2e-5)).toBeLessThan(1e-5);
    }
  });
});

test.each(golden.improvement)('ln h($z)', ({ z, value }) => {
  expect(off(logH(z).value, value)).toBeLessThan(1e-11);
  const difference = (logH(z + 1e-6).value - logH(z - 1e-6).value) / 2e-6;
  expect(off(logH(z).slope, difference)).toBeLessThan(1e-6);
});

describe('scores for a model', () => {
  test('have mean 0 and variance 1', () => {
    const { values, centre, unit } = standardised([1, 2, 3, 4]);
    expect(off(centre + unit * values[3]!, 4)).toBeLessThan(1e-12);
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
    expect(standardised([5, 4, 4, 4, null]).values[4]).toBe(standardised([5, 4, 4, 4, 1]).values[4]);
  });

  test('without a difference, or without a number, are 0', () => {
    expect([...standardised([2, 2]).values]).toEqual([0, 0]);
    expect([...standardised([null, null]).values]).toEqual([0, 0]);
    expect([...standardised([2, null]).values]).toEqual([0, 0]);
    expect([...standardised(new Array<number>(10).fill(0.1)).values]).toEqual(new Array<number>(10).fill(0));
  });
});
