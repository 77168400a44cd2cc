/**
 * Features taken as a Gaussian: mean and covariance, from a set of images or as numbers that
 * stand for a set (a published reference is kept so).
 *
 * What distances need of a covariance S is a factor A with A^T A = S:
 * - of images: the centred table over sqrt(n - 1) if it has no more rows than columns,
 *   else the triangle of its QR decomposition. Singular covariances lose no accuracy;
 * - of a covariance: its pivoted Cholesky decomposition, ended once the rest is rounding.
 */
import { QschedError } from '../../contract/errors.js';
import { pivotedCholesky, triangleOf } from './covariance-factors.js';
import { checkFeatureSet, forEachDot, type Features } from './features.js';
import { transposed } from './singular-values.js';

/** What a Frechet distance knows of a set of images. */
export interface FeatureStatistics {
  readonly dimension: number;
  /** Images behind the numbers, at least 2. */
  readonly images: number;
  /** (dimension) */
  readonly mean: Float64Array;
  /** (dimension, dimension), row after row, divisor images - 1. */
  readonly covariance: Float64Array;
}

/** Mean, and a factor A (rows x dimension) with A^T A the covariance. */
export interface Gaussian {
  readonly mean: Float64Array;
  /** Of the covariance. */
  readonly trace: number;
  readonly factor: Features;
}

const { max, sqrt } = Math;

/**
 * Mean and covariance of a set, for use as a reference.
 *
 * @throws QschedError (failure) for fewer than two images or values that are not finite
 */
export function featureStatistics(features: Features): FeatureStatistics {
  checkFeatureSet(features);
  const { rows: images, dimension } = features;
  const { mean, data } = centre(features);
  const covariance = new Float64Array(dimension * dimension);
  const columns = { rows: dimension, dimension: images, data: transposed(data, images, dimension) };
  forEachDot(columns, columns, true, (a, b, dot) => {
    covariance[a * dimension + b] = dot / (images - 1);
    covariance[b * dimension + a] = dot / (images - 1);
  });
  return { dimension, images, mean, covariance };
}

/** Statistics are large, and their factor takes long: once for as long as they are there. They are not changed. */
const known = new WeakMap<FeatureStatistics, Gaussian>();

/**
 * The Gaussian of images or of statistics; that of statistics is remembered with them.
 *
 * @throws QschedError (failure) for fewer than two images, sizes that do not fit, values that
 *   are not finite, a covariance that is not symmetric
 */
export function gaussianOf(set: Features | FeatureStatistics): Gaussian {
  if (!('covariance' in set)) return gaussianOfImages(set);
  const found = known.get(set) ?? gaussianOfStatistics(set);
  known.set(set, found);
  return found;
}

/** The mean, and every row minus it. */
export function centre({ rows, dimension, data }: Features): {
  readonly mean: Float64Array;
  readonly data: Float64Array;
} {
  const mean = new Float64Array(dimension);
  for (let i = 0; i < data.length; i++) mean[i % dimension]! += data[i]!;
  for (let c = 0; c < dimension; c++) mean[c]! /= rows;
  return { mean, data: Float64Array.from(data, (value, i) => value - mean[i % dimension]!) };
}

function gaussianOfImages(features: Features): Gaussian {
  checkFeatureSet(features);
  const { rows, dimension } = features;
  const { mean, data } = centre(features);
  const scale = 1 / sqrt(rows - 1);
  let trace = 0;
  for (let i = 0; i < data.length; i++) {
    data[i]! *= scale;
    trace += data[i]! * data[i]!;
  }
  if (rows <= dimension) return { mean, trace, factor: { rows, dimension, data } };
  return {
    mean,
    trace,
    factor: { rows: dimension, dimension, data: triangleOf(transposed(data, rows, dimension), rows, dimension) },
  };
}

function gaussianOfStatistics(statistics: FeatureStatistics): Gaussian {
  checkStatistics(statistics);
  const { dimension: d, mean, covariance } = statistics;
  let trace = 0;
  for (let c = 0; c < d; c++) trace += covariance[c * d + c]!;
  const data = pivotedCholesky(covariance, d);
  return { mean, trace, factor: { rows: data.length / d, dimension: d, data } };
}

function checkStatistics({ dimension: d, images, mean, covariance }: FeatureStatistics): void {
  const fail = (what: string): never => {
    throw new QschedError('failure', `The statistics of a reference ${what}.`, 'Make them again from its features.');
  };
  if (!(Number.isInteger(d) && d >= 1)) fail(`have dimension ${d}; it must be a whole number of at least 1`);
  if (!(Number.isInteger(images) && images >= 2)) fail(`rest on ${images} images; at least two are needed`);
  if (mean.length !== d || covariance.length !== d * d) {
    fail(
      `of dimension ${d} need a mean of ${d} and a covariance of ${d * d} values, ` +
        `not ${mean.length} and ${covariance.length}`,
    );
  }
  if (!mean.every(Number.isFinite) || !covariance.every(Number.isFinite)) {
    fail('hold a value that is not a finite number');
  }
  let largest = 0;
  for (let a = 0; a < d; a++) {
    const variance = covariance[a * d + a]!;
    if (variance < 0) fail(`hold a negative variance, ${variance}, of feature ${a}`);
    largest = max(largest, variance);
  }
  for (let a = 0; a < d; a++) {
    for (let b = 0; b < a; b++) {
      const [one, other] = [covariance[a * d + b]!, covariance[b * d + a]!];
      if (Math.abs(one - other) > 1e-6 * largest) {
        fail(`hold a covariance that is not symmetric, at features ${b} and ${a}`);
      }
      if (Math.abs(one) > sqrt(covariance[a * d + a]! * covariance[b * d + b]!) + 1e-6 * largest) {
        fail(`hold a correlation beyond 1, of features ${b} and ${a}`);
      }
    }
  }
}
