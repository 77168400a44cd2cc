/**
 * A table of features, one picture a row, for distances between sets.
 */
import { QschedError } from '../spec/errors.js';

/** `rows` pictures x `dimension` features, row after row. */
export interface Features {
  readonly rows: number;
  readonly dimension: number;
  readonly data: Float32Array | Float64Array;
}

/**
 * Throws unless both sets hold at least two pictures of one dimension, all values finite.
 *
 * @throws QschedError (failure)
 */
export function checkFeatures(...sets: readonly [Features, Features]): void {
  if (sets[0].dimension !== sets[1].dimension) {
    throw new QschedError('failure', `Features of ${sets[0].dimension} and of ${sets[1].dimension} values cannot be compared: they must come from one encoder.`);
  }
  for (const { rows, dimension, data } of sets) {
    if (!(Number.isInteger(rows) && rows >= 2 && Number.isInteger(dimension) && dimension >= 1)) {
      throw new QschedError('failure', `A distance between sets needs at least two images in each, not ${rows}.`);
    }
    if (data.length !== rows * dimension) throw new QschedError('failure', `${rows} images of ${dimension} features need ${rows * dimension} values, not ${data.length}.`);
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad !== -1) throw new QschedError('failure', `Feature ${bad % dimension} of image ${Math.floor(bad / dimension)} is ${data[bad]}, not a finite number.`);
  }
}

/** Sum over all pairs of rows of a kernel of their dot product and squared distance, in row order; same-index pairs are left out where `skipSame`. */
export function sumOverPairs(a: Features, b: Features, kernel: (dot: number, squaredDistance: number) => number, skipSame: boolean): number {
  const d = a.dimension;
  let sum = 0;
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) {
      if (skipSame && i === j) continue;
      let dot = 0;
      let squared = 0;
      for (let c = 0; c < d; c++) {
        const x = a.data[i * d + c]!;
        const y = b.data[j * d + c]!;
        dot += x * y;
        squared += (x - y) * (x - y);
      }
      sum += kernel(dot, squared);
    }
  }
  return sum;
}
