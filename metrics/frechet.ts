/**
 * Frechet distance between two sets of features taken as Gaussians (Heusel et al. 2017,
 * arXiv 1706.08500, FID where the features are Inception's):
 *
 *   |mu1 - mu2|^2 + Tr S1 + Tr S2 - 2 Tr sqrt(S1 S2), covariances with divisor n - 1.
 *
 * With S = A^T A, Tr sqrt(S1 S2) is the nuclear norm (sum of singular values) of A1 A2^T.
 * A is the centred table itself where it has fewer rows than columns, else the triangle of
 * its QR decomposition. No square root of a matrix is taken, so that singular covariances
 * (fewer pictures than features) lose no accuracy.
 */
import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';
import { checkFeatures, type Features } from './features.js';

/** Below this many pictures the distance is biased upwards too much to compare models; say so. */
export const FRECHET_MINIMUM_IMAGES = 2000;

/**
 * @returns the distance, 0 or more up to rounding (about 1e-12 of the traces)
 * @throws QschedError (failure) for fewer than two pictures in a set, two dimensions, or values
 *   that are not finite
 */
export function frechetDistance(x: Features, y: Features): number {
  checkFeatures(x, y);
  const one = gaussian(x);
  const two = gaussian(y);
  let shift = 0;
  for (let c = 0; c < x.dimension; c++) shift += (one.mean[c]! - two.mean[c]!) ** 2;
  const product = one.factor.mmul(two.factor.transpose());
  const svd = new SingularValueDecomposition(product, { computeLeftSingularVectors: false, computeRightSingularVectors: false, autoTranspose: true });
  const nuclear = svd.diagonal.reduce((sum, value) => sum + value, 0);
  return shift + one.trace + two.trace - 2 * nuclear;
}

/** Mean, trace of the covariance S, and a factor A with A^T A = S. */
function gaussian({ rows, dimension, data }: Features) {
  const mean = new Float64Array(dimension);
  for (let i = 0; i < data.length; i++) mean[i % dimension]! += data[i]!;
  for (let c = 0; c < dimension; c++) mean[c]! /= rows;
  const scale = 1 / Math.sqrt(rows - 1);
  const table = new Matrix(rows, dimension);
  let trace = 0;
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < dimension; c++) {
      const value = (data[i * dimension + c]! - mean[c]!) * scale;
      table.set(i, c, value);
      trace += value * value;
    }
  }
  const factor = rows <= dimension ? table : new QrDecomposition(table).upperTriangularMatrix;
  return { mean, trace, factor };
}
