/**
 * Weights of one pass of an antialiased, separable resampler: every output pixel is a
 * weighted mean of the input pixels under a filter that is stretched by the scale when
 * the image shrinks. The same support, centres and float64 order of sums as Pillow 13
 * (`precompute_coeffs`), so that the fixed-point resampler can be exact.
 */

/** Filters of the resamplers; bicubic has a = -0.5, Lanczos three lobes. */
export type ResampleFilter = 'bicubic' | 'bilinear' | 'lanczos' | 'box';

/** Weights of one axis: output i is the sum over j < count[i] of weight[i * stride + j] * input[first[i] + j]. */
export interface AxisWeights {
  readonly stride: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weight: Float64Array;
}

const { PI, abs, ceil, max, min, sin, trunc, fround } = Math;

function sinc(x: number): number {
  return x === 0 ? 1 : sin(x * PI) / (x * PI);
}

const A = -0.5;

function bicubic(t: number): number {
  const x = abs(t);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
}

const FILTERS: Readonly<Record<ResampleFilter, { readonly support: number; readonly at: (x: number) => number }>> = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => (abs(x) < 1 ? 1 - abs(x) : 0) },
  bicubic: { support: 2, at: bicubic },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/**
 * Normalised float64 weights of one axis.
 *
 * @param inputSize pixels of the input along the axis
 * @param start where the source window begins, in input pixels (single precision, as in Pillow)
 * @param end where it ends
 * @param outputSize pixels of the output along the axis
 */
export function axisWeights(
  inputSize: number,
  start: number,
  end: number,
  outputSize: number,
  filter: ResampleFilter,
): AxisWeights {
  const { support: radius, at } = FILTERS[filter];
  const from = fround(start);
  const scale = fround(fround(end) - from) / outputSize;
  const stretch = max(scale, 1);
  const support = radius * stretch;
  const stride = ceil(support) * 2 + 1;
  const first = new Int32Array(outputSize);
  const count = new Int32Array(outputSize);
  const weight = new Float64Array(outputSize * stride);
  const inverse = 1 / stretch;
  for (let i = 0; i < outputSize; i++) {
    const centre = from + (i + 0.5) * scale;
    const low = max(0, trunc(centre - support + 0.5));
    const high = min(inputSize, trunc(centre + support + 0.5));
    let sum = 0;
    for (let x = low; x < high; x++) {
      const w = at((x - centre + 0.5) * inverse);
      weight[i * stride + x - low] = w;
      sum += w;
    }
    if (sum !== 0) for (let j = 0; j < high - low; j++) weight[i * stride + j]! /= sum;
    first[i] = low;
    count[i] = high - low;
  }
  return { stride, first, count, weight };
}
