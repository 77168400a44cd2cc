/**
 * A table of features, one image per row, for distances between sets.
 */
import { QschedError } from '../../contract/errors.js';

/** `rows` images x `dimension` features, row after row. */
export interface Features {
  readonly rows: number;
  readonly dimension: number;
  readonly data: Float32Array | Float64Array;
}

/**
 * Throws unless both sets hold at least two images of one dimension, all values finite.
 *
 * @throws QschedError (failure)
 */
export function checkFeatures(...sets: readonly [Features, Features]): void {
  checkDimensions(sets[0].dimension, sets[1].dimension);
  for (const set of sets) checkFeatureSet(set);
}

/**
 * Throws unless both dimensions are one.
 *
 * @throws QschedError (failure)
 */
export function checkDimensions(one: number, two: number): void {
  if (one !== two) {
    const what = `Features of ${one} and of ${two} values cannot be compared: they must come from one encoder.`;
    throw new QschedError('failure', what);
  }
}

/**
 * Throws unless a set holds at least two images, all values finite.
 *
 * @throws QschedError (failure)
 */
export function checkFeatureSet({ rows, dimension, data }: Features): void {
  if (!(Number.isInteger(rows) && rows >= 2 && Number.isInteger(dimension) && dimension >= 1)) {
    throw new QschedError('failure', `A distance between sets needs at least two images in each, not ${rows}.`);
  }
  if (data.length !== rows * dimension) {
    const need = `${rows} images of ${dimension} features need ${rows * dimension} values`;
    throw new QschedError('failure', `${need}, not ${data.length}.`);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    const where = `Feature ${bad % dimension} of image ${Math.floor(bad / dimension)}`;
    throw new QschedError('failure', `${where} is ${data[bad]}, not a finite number.`);
  }
}

/**
 * Sum over all pairs of rows of a kernel of their dot product and squared distance; pairs of
 * equal index are left out with `skipSame`. A set with itself takes half the time.
 *
 * The squared distance is |x|^2 + |y|^2 - 2 x.y, right to about 1e-16 of the squared lengths:
 * for rows of like length.
 */
export function sumOverPairs(
  a: Features,
  b: Features,
  kernel: (dot: number, squaredDistance: number) => number,
  skipSame: boolean,
): number {
  const [lengthsA, lengthsB] = [squaredLengths(a), squaredLengths(b)];
  const twice = a === b;
  let sum = 0;
  forEachDot(a, b, twice, (i, j, dot) => {
    if (skipSame && i === j) return;
    const value = kernel(dot, Math.max(0, lengthsA[i]! + lengthsB[j]! - 2 * dot));
    sum += twice && i !== j ? 2 * value : value;
  });
  return sum;
}

/** Summed in the order of `forEachDot`, so that a row is at distance 0 from itself. */
function squaredLengths({ rows, dimension, data }: Features): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let c = i * dimension; c < (i + 1) * dimension; c++) sum += data[c]! * data[c]!;
    out[i] = sum;
  }
  return out;
}

/** Rows of `b` that are visited together: they stay in the processor's cache. */
const TILE = 32;

/**
 * Visits the dot products of all rows of `a` with all rows of `b`, each summed in index order;
 * only those with j >= i with `upper`. Eight at a time, which is several times faster than
 * one by one.
 */
export function forEachDot(
  a: Features,
  b: Features,
  upper: boolean,
  visit: (i: number, j: number, dot: number) => void,
): void {
  const d = a.dimension;
  const x = padded(a, 2);
  const y = padded(b, 4);
  const dots = new Float64Array(8);
  for (let tile = 0; tile < b.rows; tile += TILE) {
    const end = Math.min(b.rows, tile + TILE);
    for (let i = 0; i < a.rows && !(upper && i >= end); i += 2) {
      for (let j = tile; j < end; j += 4) {
        if (upper && j + 3 < i) continue;
        eightDots(x, i * d, y, j * d, d, dots);
        for (let k = 0; k < 8; k++) {
          const row = i + (k >> 2);
          const column = j + (k & 3);
          if (row < a.rows && column < b.rows && !(upper && column < row)) visit(row, column, dots[k]!);
        }
      }
    }
  }
}

/** All dot products of rows of `a` with rows of `b`: (rows of a, rows of b), row after row. */
export function dotProducts(a: Features, b: Features): Float64Array {
  const out = new Float64Array(a.rows * b.rows);
  forEachDot(a, b, false, (i, j, dot) => {
    out[i * b.rows + j] = dot;
  });
  return out;
}

/** Float64, with rows of zeros up to a multiple. */
function padded({ rows, dimension, data }: Features, multiple: number): Float64Array {
  if (rows % multiple === 0 && data instanceof Float64Array) return data;
  const out = new Float64Array(Math.ceil(rows / multiple) * multiple * dimension);
  out.set(data);
  return out;
}

/** Dot products of 2 rows of x with 4 of y. */
function eightDots(x: Float64Array, atX: number, y: Float64Array, atY: number, d: number, out: Float64Array): void {
  let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let c = 0; c < d; c++) {
    const a = x[atX + c]!;
    const b = x[atX + d + c]!;
    const y0 = y[atY + c]!;
    const y1 = y[atY + d + c]!;
    const y2 = y[atY + 2 * d + c]!;
    const y3 = y[atY + 3 * d + c]!;
    a0 += a * y0;
    a1 += a * y1;
    a2 += a * y2;
    a3 += a * y3;
    b0 += b * y0;
    b1 += b * y1;
    b2 += b * y2;
    b3 += b * y3;
  }
  out[0] = a0;
  out[1] = a1;
  out[2] = a2;
  out[3] = a3;
  out[4] = b0;
  out[5] = b1;
  out[6] = b2;
  out[7] = b3;
}
