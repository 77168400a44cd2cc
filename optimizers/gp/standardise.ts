/**
 * Scores for a model: mean 0, variance 1, and nothing far below the rest. A failure, and a score far below the median,
 * say no more than "bad": as they are they would set the scale of the whole surface.
 */
const { abs, max, sqrt } = Math;
/** Scores are cut at this many times the distance from the best to the median, below the best. */
const REACH = 4;
/** Differences below this share of the scores themselves are rounding. */
const ROUNDING = 1e-13;

/** value = (score - centre) / unit. */
export interface Standardised {
  /** One per score; all 0 if none is finite, or all are equal. */
  readonly values: Float64Array;
  readonly centre: number;
  readonly unit: number;
}

/** @param scores null for a failure */
export function standardised(scores: readonly (number | null)[]): Standardised {
  const sorted = scores.map((score) => score ?? Number.NEGATIVE_INFINITY).toSorted((a, b) => b - a);
  const finite = sorted.filter(Number.isFinite);
  if (finite.length === 0) return { values: new Float64Array(scores.length), centre: 0, unit: 1 };
  const best = finite[0]!;
  const median = sorted[(sorted.length / 2) | 0]!;
  const floor = median < best && Number.isFinite(median) ? best - REACH * (best - median) : finite.at(-1)!;
  const cut = Float64Array.from(scores, (score) => max(floor, score ?? Number.NEGATIVE_INFINITY));
  const centre = cut.reduce((sum, score) => sum + score, 0) / cut.length;
  const unit = sqrt(cut.reduce((sum, score) => sum + (score - centre) ** 2, 0) / cut.length);
  return unit > ROUNDING * abs(centre) && Number.isFinite(unit)
    ? { values: cut.map((score) => (score - centre) / unit), centre, unit }
    : { values: cut.fill(0), centre: Number.isFinite(centre) ? centre : best, unit: 1 };
}
