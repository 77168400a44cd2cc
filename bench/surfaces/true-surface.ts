/**
 * A measured surface everywhere in its box: a cubic radial basis function with a linear tail through every measured value
 * (Powell 1992),
 *
 *   s(x) = sum_i w_i |x - x_i|^3 + c_0 + c^T x,   sum_i w_i = 0,   sum_i w_i x_i = 0
 *
 * It is no Gaussian process, so that it favours none. The text term is CLIPScore's form of the cosine, as in `jaq-clip`.
 */
import { LuDecomposition, Matrix } from 'ml-matrix';
import type { Stage } from '../../contract/payloads.js';
import { clipScoreHessel } from '../../metrics/scores/clip-score.js';
import type { MeasuredSurface } from './surface-file.js';

const { sqrt } = Math;

/** Scores of coefficients on the pairs of one split. */
export interface TrueSurface {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** Number of pairs. */
  readonly pairs: number;
  /** TC + k IQ of every pair. */
  perPair(point: readonly number[]): Float64Array;
  /** Their mean. */
  score(point: readonly number[]): number;
  /** The score of the baseline, as it was measured. */
  readonly identity: number;
}

/** @param k weight of quality */
export function trueSurface(
  { points, splits, coefficients }: MeasuredSurface,
  stage: Stage = 'calibration',
  k = 2,
): TrueSurface {
  const terms = splits[stage];
  if (terms === undefined) throw new Error(`no ${stage} split was measured`);
  const pairs = terms.count * terms.seeds.length;
  const values = Matrix.from1DArray(
    points.length,
    pairs,
    Float64Array.from(terms.cosine, (cosine, i) => clipScoreHessel(cosine) + k * terms.quality[i]!),
  );
  const [low, high] = coefficients.range;
  const interpolate = interpolant(points, values);
  const scores = values.mean('row');
  const means = interpolant(points, Matrix.columnVector(scores));
  return {
    lower: points[0]!.map(() => low),
    upper: points[0]!.map(() => high),
    pairs,
    perPair: (point) => interpolate(point),
    score: (point) => means(point)[0]!,
    identity: scores[0]!,
  };
}

/** @param values points x outputs @returns the outputs at a point */
export function interpolant(
  points: readonly (readonly number[])[],
  values: Matrix,
): (point: readonly number[]) => Float64Array {
  const n = points.length;
  const d = points[0]!.length;
  const system = Matrix.zeros(n + d + 1, n + d + 1);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const value = cubed(points[i]!, points[j]!);
      system.set(i, j, value);
      system.set(j, i, value);
    }
    [1, ...points[i]!].forEach((value, j) => {
      system.set(i, n + j, value);
      system.set(n + j, i, value);
    });
  }
  const right = Matrix.zeros(n + d + 1, values.columns);
  right.setSubMatrix(values, 0, 0);
  const weights = new LuDecomposition(system).solve(right).to2DArray();
  return (point) => {
    const out = new Float64Array(values.columns);
    const basis = [...points.map((one) => cubed(one, point)), 1, ...point];
    basis.forEach((value, i) => {
      const row = weights[i]!;
      for (let c = 0; c < out.length; c += 1) out[c]! += value * row[c]!;
    });
    return out;
  };
}

function cubed(a: readonly number[], b: readonly number[]): number {
  let square = 0;
  for (let i = 0; i < a.length; i += 1) square += (a[i]! - b[i]!) ** 2;
  return square * sqrt(square);
}
