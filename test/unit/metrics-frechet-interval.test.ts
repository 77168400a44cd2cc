/** The interval of a Frechet distance: its derivative, its coverage; references as statistics. */
import { describe, expect, test } from 'vitest';
import type { Features } from '../../metrics/distances/features.js';
import { frechetDistance, frechetToStatistics } from '../../metrics/distances/frechet.js';
import {
  frechetDifference,
  frechetEstimate,
  frechetInfluence,
  frechetInterval,
} from '../../metrics/distances/frechet-interval.js';
import { featureStatistics, type FeatureStatistics } from '../../metrics/distances/gaussian-features.js';
import { philox4x32 } from '../../contract/philox.js';

/** Standard normal numbers, the same for the same seed. */
function normals(count: number, seed: number): Float64Array {
  const out = new Float64Array(count + 4);
  const words = new Uint32Array(4);
  for (let i = 0; i < count; i += 4) {
    philox4x32([i / 4, 0, 0, 0], [seed, 7], words);
    for (let k = 0; k < 4; k += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[k]! + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * words[k + 1]!) / 2 ** 32;
      out[i + k] = radius * Math.cos(angle);
      out[i + k + 1] = radius * Math.sin(angle);
    }
  }
  return out.slice(0, count);
}

/** Rows of correlated, skewed features around a shift. */
function sample(rows: number, dimension: number, seed: number, shift = 0): Features {
  const z = normals(rows * dimension, seed);
  const mix = normals(dimension * dimension, 1000 + dimension);
  const data = new Float64Array(rows * dimension);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < dimension; c++) {
      let value = shift;
      for (let k = 0; k < dimension; k++) {
        value += z[i * dimension + k]! * (mix[k * dimension + c]! / Math.sqrt(dimension) + (k === c ? 0.5 : 0));
      }
      data[i * dimension + c] = value + 0.1 * value * value;
    }
  }
  return { rows, dimension, data };
}

const relative = (a: number, b: number) => Math.abs(a / b - 1);
const pick = (x: Features, rows: readonly number[]): Features => ({
  rows: rows.length,
  dimension: x.dimension,
  data: Float64Array.from(
    { length: rows.length * x.dimension },
    (_, i) => x.data[rows[Math.floor(i / x.dimension)]! * x.dimension + (i % x.dimension)]!,
  ),
});

/** Mean and covariance of weighted rows, n / (n - 1) times, which is the divisor n - 1 at equal weights. */
function weighted(x: Features, weights: readonly number[]): FeatureStatistics {
  const { rows, dimension: d, data } = x;
  const mean = new Float64Array(d);
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < rows; i++) for (let c = 0; c < d; c++) mean[c]! += weights[i]! * data[i * d + c]!;
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < d; a++) {
      for (let b = 0; b < d; b++) {
        covariance[a * d + b]! +=
          (rows / (rows - 1)) * weights[i]! * (data[i * d + a]! - mean[a]!) * (data[i * d + b]! - mean[b]!);
      }
    }
  }
  return { dimension: d, images: rows, mean, covariance };
}

/** Rows with exactly these statistics, from a factor of the covariance: +-A_k sqrt(r - 1/2) around the mean. */
function sampleOf({ dimension: d, mean, covariance }: FeatureStatistics, like: Features): Features {
  const rank = Math.min(like.rows - 1, d);
  const left = covariance.slice();
  const rows: number[][] = [];
  for (let k = 0; k < rank; k++) {
    let pivot = 0;
    for (let c = 1; c < d; c++) if (left[c * d + c]! > left[pivot * d + pivot]!) pivot = c;
    const root = Math.sqrt(left[pivot * d + pivot]!);
    const row = Array.from({ length: d }, (_, c) => left[pivot * d + c]! / root);
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) left[a * d + b]! -= row[a]! * row[b]!;
    for (const sign of [1, -1]) rows.push(row.map((value, c) => mean[c]! + sign * value * Math.sqrt(rank - 0.5)));
  }
  return { rows: rows.length, dimension: d, data: Float64Array.from(rows.flat()) };
}

describe('a reference as statistics', () => {
  test.each([
    ['full rank', 80, 90, 12, 1e-9],
    ['singular reference', 80, 20, 30, 1e-6],
    ['both singular', 14, 20, 30, 1e-6],
    ['reference of two images', 40, 2, 8, 1e-6],
  ])('%s: the same distance as from features', (_, n1, n2, d, gate) => {
    const x = sample(n1, d, 1, 0.4);
    const y = sample(n2, d, 2);
    expect(relative(frechetToStatistics(x, featureStatistics(y)), frechetDistance(x, y))).toBeLessThan(gate);
    expect(Math.abs(frechetToStatistics(y, featureStatistics(y)))).toBeLessThan(1e-5);
  });

  test('mean and covariance by hand', () => {
    const x = { rows: 3, dimension: 2, data: new Float32Array([0, 1, 2, 3, 4, -1]) };
    expect(featureStatistics(x)).toEqual({
      dimension: 2,
      images: 3,
      mean: new Float64Array([2, 1]),
      covariance: new Float64Array([4, -2, -2, 4]),
    });
  });

  test('features that never vary', () => {
    const x = { rows: 4, dimension: 3, data: new Float64Array(12).fill(2) };
    const y = { rows: 5, dimension: 3, data: new Float64Array(15).fill(4) };
    expect(frechetToStatistics(x, featureStatistics(y))).toBe(12);
    expect(frechetEstimate(x, featureStatistics(y))).toEqual({ distance: 12, influence: new Float64Array(4) });
  });

  test('statistics that make no sense are refused', () => {
    const x = sample(9, 3, 1);
    const good = featureStatistics(x);
    const bad = (change: Partial<FeatureStatistics>) => () => frechetToStatistics(x, { ...good, ...change });
    expect(bad({ dimension: 4 })).toThrow('of 3 and of 4 values');
    expect(bad({ images: 1 })).toThrow('rest on 1 images');
    expect(bad({ mean: new Float64Array(2) })).toThrow('a mean of 3 and a covariance of 9 values, not 2 and 9');
    expect(bad({ mean: good.mean.with(1, Number.NaN) })).toThrow('not a finite number');
    expect(bad({ covariance: good.covariance.with(4, -1) })).toThrow('negative variance, -1, of feature 1');
    expect(bad({ covariance: good.covariance.with(1, 50) })).toThrow('not symmetric, at features 0 and 1');
    expect(bad({ covariance: good.covariance.with(1, 50).with(3, 50) })).toThrow(
      'correlation beyond 1, of features 0 and 1',
    );
    expect(() => featureStatistics({ ...x, rows: 1 })).toThrow('at least two images');
  });
});

describe('influence', () => {
  test.each([
    ['more images than features', 60, 6, 40],
    ['singular reference', 60, 6, 4],
    ['singular set', 5, 8, 40],
  ])('%s: the derivative by the weight of an image', (_, n, d, references) => {
    const x = sample(n, d, 3, 0.3);
    const reference = featureStatistics(sample(references, d, 4));
    const influence = frechetInfluence(x, reference);
    expect(influence.length).toBe(n);
    expect(Math.abs(influence.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-9 * n);
    const epsilon = 1e-4;
    // The distance of images that have the weighted mean and covariance.
    const at = (image: number, weight: number) => {
      const statistics = weighted(
        x,
        Array.from({ length: n }, (__, i) => (1 - weight) / n + (i === image ? weight : 0)),
      );
      return frechetToStatistics(sampleOf(statistics, x), reference);
    };
    for (const image of [0, 1, n - 1]) {
      const slope = (at(image, epsilon) - at(image, -epsilon)) / (2 * epsilon);
      expect(relative(influence[image]!, slope)).toBeLessThan(1e-4);
    }
  });

  test('to features and to their statistics it is the same', () => {
    const x = sample(40, 5, 5);
    const y = sample(50, 5, 6, 0.2);
    const [one, two] = [frechetInfluence(x, y), frechetInfluence(x, featureStatistics(y))];
    one.forEach((value, i) => expect(Math.abs(value - two[i]!)).toBeLessThan(1e-9));
    expect(frechetEstimate(x, y).distance).toBe(frechetDistance(x, y));
  });

  test('the standard error is that of a bootstrap over prompts', () => {
    const prompts = Array.from({ length: 400 }, (_, i) => i % 200);
    const pairs = sample(200, 4, 8, 0.5);
    const own = sample(400, 4, 9, 0.5);
    const x: Features = { ...own, data: own.data.map((value, i) => value + pairs.data[i % pairs.data.length]!) };
    const reference = featureStatistics(sample(300, 4, 10));
    const { distance, influence } = frechetEstimate(x, reference);
    const words = new Uint32Array(4);
    const drawn = Array.from({ length: 1000 }, (_, r) => {
      const rows: number[] = [];
      for (let i = 0; i < 200; i++) {
        philox4x32([i, r, 0, 0], [5, 5], words);
        const prompt = words[0]! % 200;
        rows.push(prompt, prompt + 200);
      }
      return frechetToStatistics(pick(x, rows), reference);
    });
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const spread = Math.sqrt(drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (drawn.length - 1));
    const clustered = frechetInterval(influence, distance, prompts);
    expect(relative(clustered.standardError, spread)).toBeLessThan(0.08);
    expect(clustered.prompts).toBe(200);
    // Images that share prompts are worth less than as many that do not.
    const single = frechetInterval(
      influence,
      distance,
      influence.map((_, i) => i),
    );
    expect(single.standardError / clustered.standardError).toBeLessThan(0.85);
  });
});

describe('coverage over 500 samples, fixed seeds', () => {
  const d = 5;
  const variances = [1, 2, 0.5, 1.5, 1];
  const reference: FeatureStatistics = {
    dimension: d,
    images: 1000,
    mean: new Float64Array(d),
    covariance: Float64Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0)),
  };
  const prompts = Array.from({ length: 600 }, (_, i) => i % 200);
  /** 200 prompts, 3 images each: half the variance is the prompt's. Skewed: a sum with a squared normal number. */
  function images(seed: number, shift: number): Features {
    const shared = normals(200 * d, seed * 10);
    const own = normals(600 * d, seed * 10 + 1 + (shift > 0.5 ? 1 : 0));
    const data = Float64Array.from(own, (value, i) => {
      const skewed = (value * value - 1) / Math.SQRT2;
      return shift + Math.sqrt(variances[i % d]! / 2) * (shared[i % shared.length]! + skewed);
    });
    return { rows: 600, dimension: d, data };
  }
  const truth = (shift: number) =>
    variances.reduce((sum, variance) => sum + shift ** 2 + (Math.sqrt(variance) - 1) ** 2, 0);
  const estimates = Array.from({ length: 500 }, (_, seed) => ({
    near: frechetEstimate(images(seed, 0.4), reference),
    far: frechetEstimate(images(seed, 0.6), reference),
  }));

  test('of one distance', () => {
    const covered = estimates.filter(({ near }) => {
      const { low, high } = frechetInterval(near.influence, near.distance, prompts);
      return low <= truth(0.4) && truth(0.4) <= high;
    });
    expect(covered.length / 500).toBeGreaterThan(0.925);
    expect(covered.length / 500).toBeLessThan(0.975);
  });

  test('of a paired difference, which is narrower than without pairs', () => {
    let covered = 0;
    let narrower = 0;
    for (const { near, far } of estimates) {
      const { low, high, standardError, value } = frechetDifference(far, near, prompts);
      expect(value).toBe(far.distance - near.distance);
      const target = truth(0.6) - truth(0.4);
      if (low <= target && target <= high) covered++;
      const alone = [near, far].map((one) => frechetInterval(one.influence, one.distance, prompts).standardError);
      if (standardError < Math.hypot(...alone)) narrower++;
    }
    expect(covered / 500).toBeGreaterThan(0.925);
    expect(covered / 500).toBeLessThan(0.975);
    expect(narrower).toBe(500);
  });
});

test('an interval ends at 0, and a level is taken at its word', () => {
  const influence = new Float64Array([3, -3, 3, -3]);
  const wide = frechetInterval(influence, 0.5, [0, 1, 2, 3]);
  expect(wide.low).toBe(0);
  expect(wide.high).toBeCloseTo(0.5 + 3.182446305 * Math.sqrt(3), 6);
  expect(frechetInterval(influence, 0.5, ['a', 'b', 'c', 'd'], 0.5).high).toBeLessThan(wide.high);
});

test('intervals of what cannot be judged are refused', () => {
  const influence = new Float64Array([1, -1]);
  expect(() => frechetInterval(influence, 1, [0])).toThrow('2 images but 1 prompts');
  expect(() => frechetInterval(influence, 1, [0, 0])).toThrow('at least two prompts, not 1');
  expect(() => frechetInterval(influence, Number.NaN, [0, 1])).toThrow('The distance is NaN');
  expect(() => frechetInterval(influence.with(1, Infinity), 1, [0, 1])).toThrow('influence of image 1 is Infinity');
  expect(() => frechetInterval(influence, 1, [0, 1], 95)).toThrow('between 0 and 1');
  expect(() =>
    frechetDifference({ distance: 1, influence }, { distance: 1, influence: new Float64Array(3) }, [0, 1]),
  ).toThrow('2 and 3 images');
});
