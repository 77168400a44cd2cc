/** The Frechet distance is never negative. */
import { describe, expect, test } from 'vitest';
import { dotProducts, type Features } from '../../metrics/distances/features.js';
import { frechetEstimate } from '../../metrics/distances/frechet-interval.js';
import { frechetDistance, frechetToStatistics } from '../../metrics/distances/frechet.js';
import { gaussianOf } from '../../metrics/distances/gaussian-features.js';
import { singularValues } from '../../metrics/distances/singular-values.js';

/** Images x dimension, of about -1 to 1, without a generator. */
const features = (rows: number, dimension: number, salt: number): Features => ({
  rows,
  dimension,
  data: Float32Array.from({ length: rows * dimension }, (_, i) => Math.sin(i * i * 0.37 + salt * i + salt)),
});

/** Tr S1 + Tr S2 - 2 Tr sqrt(S1 S2) of a set with itself, as the formula gives it. */
function unclamped(x: Features): number {
  const { factor, trace } = gaussianOf(x);
  const { values } = singularValues(dotProducts(factor, factor), factor.rows, factor.rows, false);
  return 2 * trace - 2 * values.reduce((sum, value) => sum + value, 0);
}

/** Mean and covariance (divisor n - 1). */
function statisticsOf({ rows, dimension, data }: Features) {
  const mean = new Float64Array(dimension);
  data.forEach((value, i) => (mean[i % dimension]! += value / rows));
  const covariance = new Float64Array(dimension * dimension);
  for (let r = 0; r < rows; r++) {
    for (let a = 0; a < dimension; a++) {
      for (let b = 0; b < dimension; b++) {
        covariance[a * dimension + b]! +=
          ((data[r * dimension + a]! - mean[a]!) * (data[r * dimension + b]! - mean[b]!)) / (rows - 1);
      }
    }
  }
  return { dimension, images: rows, mean, covariance };
}

describe('the Frechet distance of a set to itself', () => {
  const sets = Array.from({ length: 40 }, (_, i) => features(3 + (i % 12), 2 + (i % 7), 0.1 + i));

  test('is negative by rounding for some of these sets, if nothing is done', () => {
    expect(sets.some((x) => unclamped(x) < 0)).toBe(true);
  });

  test('is 0 up to rounding, and not negative', () => {
    for (const x of sets) {
      for (const distance of [
        frechetDistance(x, x),
        frechetToStatistics(x, statisticsOf(x)),
        frechetEstimate(x, x).distance,
      ]) {
        expect(distance).toBeGreaterThanOrEqual(0);
        expect(distance).toBeLessThan(1e-5);
      }
    }
  });

  test('does not change a distance that is positive', () => {
    const shifted = { rows: 3, dimension: 1, data: Float32Array.of(2, 4, 6) };
    expect(frechetDistance({ rows: 3, dimension: 1, data: Float32Array.of(0, 2, 4) }, shifted)).toBeCloseTo(4, 12);
  });
});
