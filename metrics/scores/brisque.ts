/**
 * BRISQUE (Mittal, Moorthy and Bovik 2012, "No-reference image quality assessment in the
 * spatial domain"), as piq 0.8.0 computes it in float64: how far the local contrast of a
 * image is from that of natural ones. Lower is better; about 0 to 100 with the published
 * weights, which are in a separate file.
 *
 * Luma Y = .299 R + .587 G + .114 B, rounded, 0 to 255. With k a 7x7 Gaussian of sigma 7/6
 * and zeros outside the image:
 *
 *   mu = k * Y,  s = sqrt|k * Y^2 - mu^2|,  z = (Y - mu) / (s + 1).
 *
 * 18 features a scale: a GGD fit of z and an AGGD fit of z times itself moved by (0,1), (1,0),
 * (1,1) and (-1,1), around the edges. The second scale is the rounded luma at half size
 * (MATLAB's imresize: cubic, antialiased, mirrored edges). Features are scaled to [-1, 1] by
 * fixed ranges; score = sum_i c_i exp(-.05 |f - v_i|^2) + 153.591.
 *
 * Two things differ from piq. It resizes in float32 whatever its input, here float64 is used.
 * And in flat areas z is 0 but for rounding noise, whose sign piq counts; here it counts as 0,
 * so that a score does not depend on a machine's rounding.
 */
import { QschedError } from '../../contract/errors.js';
import { fitAggd, fitGgd } from './brisque-statistics.js';
import { checkImage, type RgbImage } from '../images/image.js';

/** The support vector regression behind the score: an external file, in any format. */
export interface BrisqueSvr {
  /** (m), one a support vector. */
  readonly coefficients: Float64Array;
  /** (m, 36), row after row. */
  readonly supportVectors: Float64Array;
}

/** Numbers that describe an image. */
export const BRISQUE_FEATURES = 36;

const SMALLEST_SIDE = 16;
const GAMMA = 0.05;
const RHO = -153.591;
const { abs, ceil, exp, floor, max, min, sqrt } = Math;

/** Lowest and highest value of each feature in the published training set. */
const RANGES: readonly (readonly [number, number])[] = [
  [0.338, 10],
  [0.017204, 0.806612],
  [0.236, 1.642],
  [-0.123884, 0.20293],
  [0.000155, 0.712298],
  [0.001122, 0.470257],
  [0.244, 1.641],
  [-0.123586, 0.179083],
  [0.000152, 0.710456],
  [0.000975, 0.470984],
  [0.249, 1.555],
  [-0.135687, 0.100858],
  [0.000174, 0.684173],
  [0.000913, 0.534174],
  [0.258, 1.561],
  [-0.143408, 0.100486],
  [0.000179, 0.685696],
  [0.000888, 0.536508],
  [0.471, 3.264],
  [0.012809, 0.703171],
  [0.218, 1.046],
  [-0.094876, 0.187459],
  [1.5e-5, 0.442057],
  [0.001272, 0.40803],
  [0.222, 1.042],
  [-0.115772, 0.162604],
  [1.6e-5, 0.444362],
  [0.001374, 0.40243],
  [0.227, 0.996],
  [-0.117188, 0.098323],
  [3e-5, 0.531903],
  [0.001122, 0.369589],
  [0.228, 0.99],
  [-0.12243, 0.098658],
  [2.8e-5, 0.530092],
  [0.001118, 0.370399],
];

/** The 1-D Gaussian whose outer product is k. */
const KERNEL = (() => {
  const g = Float64Array.from({ length: 7 }, (_, i) => exp(-((i - 3) ** 2) / (2 * (7 / 6) ** 2)));
  const sum = g.reduce((total, value) => total + value, 0);
  return g.map((value) => value / sum);
})();

/** Grey levels, row after row. */
interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/**
 * The 36 features, not yet scaled: alpha, sigma^2, then four times alpha, eta, sigma_l^2,
 * sigma_r^2; the full size first, then the half.
 *
 * @returns 36 values; some are NaN if there is nothing to fit, as in an image of one
 *   colour, which the caller reports as a failed evaluation (piq stops at an assertion)
 * @throws QschedError (failure) for an image with a side below 16 pixels
 */
export function brisqueFeatures(image: RgbImage): Float64Array {
  checkImage(image);
  const { width, height } = image;
  if (width < SMALLEST_SIDE || height < SMALLEST_SIDE) {
    throw new QschedError(
      'failure',
      `BRISQUE needs images of at least ${SMALLEST_SIDE} x ${SMALLEST_SIDE} pixels, not ${width} x ${height}.`,
    );
  }
  const full = luma(image);
  const half = halveRows(halveRows(full));
  return Float64Array.from([...sceneStatistics(full), ...sceneStatistics(half)]);
}

/**
 * BRISQUE from features.
 *
 * @returns lower is better; NaN if a feature is NaN
 * @throws QschedError (failure) if the sizes do not fit each other
 */
export function brisqueScore(features: ArrayLike<number>, { coefficients, supportVectors }: BrisqueSvr): number {
  const m = coefficients.length;
  if (features.length !== BRISQUE_FEATURES || m === 0 || supportVectors.length !== m * BRISQUE_FEATURES) {
    throw new QschedError(
      'failure',
      `BRISQUE needs ${BRISQUE_FEATURES} features and, for ${m} coefficients, ${m * BRISQUE_FEATURES} values of support vectors, not ${features.length} and ${supportVectors.length}.`,
    );
  }
  const scaled = RANGES.map(([low, high], j) => -1 + (2 * (features[j]! - low)) / (high - low));
  let score = 0;
  for (let i = 0; i < m; i++) {
    let squared = 0;
    for (let j = 0; j < BRISQUE_FEATURES; j++) squared += (scaled[j]! - supportVectors[i * BRISQUE_FEATURES + j]!) ** 2;
    score += coefficients[i]! * exp(-GAMMA * squared);
  }
  return score - RHO;
}

/** Summed in this order in float64, exact ties fall as they do in piq. */
function luma({ width, height, data: rgb }: RgbImage): Plane {
  const data = new Float64Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const y = 0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!;
    const down = floor(y);
    const rest = y - down;
    data[i] = rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
  }
  return { width, height, data };
}

function sceneStatistics(plane: Plane): number[] {
  const { width, height, data } = plane;
  const mu = blur(plane);
  const square = blur({ width, height, data: data.map((value) => value * value) });
  const z = data.map((value, i) => (value - mu[i]!) / (sqrt(abs(square[i]! - mu[i]! ** 2)) + 1));
  const features: number[] = fitGgd(z);
  const product = new Float64Array(z.length);
  for (const [down, right] of [
    [0, 1],
    [1, 0],
    [1, 1],
    [-1, 1],
  ] as const) {
    for (let y = 0; y < height; y++) {
      const from = ((y - down + height) % height) * width;
      for (let x = 0; x < width; x++) {
        product[y * width + x] = z[y * width + x]! * z[from + ((x - right + width) % width)]!;
      }
    }
    features.push(...fitAggd(product));
  }
  return features;
}

/** k * plane, zeros outside: down the columns, then along the rows. */
function blur({ width, height, data }: Plane): Float64Array {
  return blurLines(blurLines(data, width, 1, height, width), height, width, width, 1);
}

/** Convolves lines of `length` values that are `step` apart; the lines start `next` apart. */
function blurLines(data: Float64Array, lines: number, next: number, length: number, step: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let line = 0; line < lines; line++) {
    for (let at = 0; at < length; at++) {
      const centre = line * next + at * step;
      const last = min(3, length - 1 - at);
      let sum = 0;
      for (let j = max(-3, -at); j <= last; j++) sum += KERNEL[j + 3]! * data[centre + j * step]!;
      out[centre] = sum;
    }
  }
  return out;
}

/** Halves the height, rounded down, and swaps rows and columns: done twice, it halves the image. */
function halveRows({ width, height, data }: Plane): Plane {
  const rows = floor(height / 2);
  const scale = rows / height;
  const out = new Float64Array(rows * width);
  for (let y = 0; y < rows; y++) {
    const centre = (y + 0.5) / scale - 0.5;
    const first = ceil(centre - 2 / scale);
    const weights: number[] = [];
    for (let at = first; at <= centre + 2 / scale; at++) weights.push(cubic(abs(centre - at) * scale));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, j) => {
      const at = first + j;
      const mirrored = at < 0 ? -1 - at : at >= height ? 2 * height - 1 - at : at;
      for (let x = 0; x < width; x++) out[x * rows + y]! += (weight / total) * data[mirrored * width + x]!;
    });
  }
  return { width: rows, height: width, data: out };
}

/** Keys' cubic with a = -1/2, for x of 0 or more. */
function cubic(x: number): number {
  if (x <= 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}
