/**
 * KID (Binkowski et al. 2018, arXiv 1801.01401): the squared maximum mean discrepancy of two
 * sets under the kernel (x.y / d + 1)^3, unbiased, so it may be below 0.
 */
import { checkFeatures, sumOverPairs, type Features } from './features.js';

/**
 * The unbiased estimate over all images of both sets (torchmetrics' `poly_mmd`, in which the
 * sets are of one size; its class averages that over random subsets).
 *
 * @throws QschedError (failure) as `checkFeatures` does
 */
export function kid(x: Features, y: Features): number {
  checkFeatures(x, y);
  const kernel = (dot: number) => {
    const base = dot / x.dimension + 1;
    return base * base * base;
  };
  const within = (set: Features) => sumOverPairs(set, set, kernel, true) / (set.rows * (set.rows - 1));
  return within(x) + within(y) - (2 * sumOverPairs(x, y, kernel, false)) / (x.rows * y.rows);
}
