/**
 * Frechet distance between two sets of features taken as Gaussians (Heusel et al. 2017,
 * arXiv 1706.08500; called FID if the features are Inception's):
 *
 *   |mu1 - mu2|^2 + Tr S1 + Tr S2 - 2 Tr sqrt(S1 S2), covariances with divisor n - 1.
 *
 * With S = A^T A, Tr sqrt(S1 S2) is the nuclear norm (sum of singular values) of A1 A2^T
 * (`gaussian-features.ts` defines A). No matrix square root is computed, so that
 * singular covariances (fewer images than features) lose no accuracy.
 */
import { checkDimensions, checkFeatures, dotProducts, type Features } from './features.js';
import { gaussianOf, type FeatureStatistics, type Gaussian } from './gaussian-features.js';
import { singularValues, type SingularValues } from './singular-values.js';

/** With fewer images the upward bias of the distance is too large to compare models; reports must say so. */
export const FRECHET_MINIMUM_IMAGES = 2000;

/**
 * @returns the distance, at least 0; accurate to about 1e-12 of the traces
 * @throws QschedError (failure) for fewer than two images in a set, two dimensions, or values
 *   that are not finite
 */
export function frechetDistance(x: Features, y: Features): number {
  checkFeatures(x, y);
  return betweenGaussians(gaussianOf(x), gaussianOf(y), false).distance;
}

/**
 * The same distance to a reference given by its mean and covariance.
 *
 * @returns as `frechetDistance`
 * @throws QschedError (failure) as `frechetDistance` does, and for invalid statistics
 */
export function frechetToStatistics(x: Features, reference: FeatureStatistics): number {
  checkDimensions(x.dimension, reference.dimension);
  return betweenGaussians(gaussianOf(x), gaussianOf(reference), false).distance;
}

/** A distance with its parts. */
export interface GaussianDistance extends SingularValues {
  readonly distance: number;
  /** A1 A2^T, (rows of A1, rows of A2), whose singular values (and vectors, if requested) these are. */
  readonly product: Float64Array;
}

/** Distance of two Gaussians of the same dimension; a negative rounding error becomes 0. */
export function betweenGaussians(one: Gaussian, two: Gaussian, withVectors: boolean): GaussianDistance {
  let shift = 0;
  for (let c = 0; c < one.mean.length; c++) shift += (one.mean[c]! - two.mean[c]!) ** 2;
  const product = dotProducts(one.factor, two.factor);
  const { values, vectors } = singularValues(product, one.factor.rows, two.factor.rows, withVectors);
  const nuclear = values.reduce((sum, value) => sum + value, 0);
  const distance = Math.max(0, shift + one.trace + two.trace - 2 * nuclear);
  return { distance, product, values, vectors };
}
