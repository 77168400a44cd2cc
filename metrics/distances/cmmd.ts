/**
 * CMMD (Jayasumana et al. 2024, arXiv 2401.09603): the squared maximum mean discrepancy of
 * two sets of unit CLIP embeddings under a Gaussian kernel of width 10, times 1000. The
 * biased form with the diagonal, as its authors compute it: 0 or more, 0 for equal sets.
 */
import { checkFeatures, sumOverPairs, type Features } from './features.js';

const SIGMA = 10;
const SCALE = 1000;

/**
 * @param x CLIP ViT-L/14-336 image embeddings in the published form; scaled to unit length here
 * @throws QschedError (failure) as `checkFeatures` does
 */
export function cmmd(x: Features, y: Features): number {
  checkFeatures(x, y);
  const [a, b] = [unit(x), unit(y)];
  const gamma = 1 / (2 * SIGMA ** 2);
  // exp(-z) - 1 keeps the digits that a mean of numbers near 1 would lose; the ones cancel.
  const mean = (p: Features, q: Features) =>
    sumOverPairs(p, q, (_, squared) => Math.expm1(-gamma * squared), false) / (p.rows * q.rows);
  return SCALE * (mean(a, a) + mean(b, b) - 2 * mean(a, b));
}

function unit({ rows, dimension, data }: Features): Features {
  const out = new Float64Array(data);
  for (let i = 0; i < rows; i++) {
    const row = out.subarray(i * dimension, (i + 1) * dimension);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let c = 0; c < dimension; c++) row[c]! /= length;
  }
  return { rows, dimension, data: out };
}
