/**
 * Scores for a model: mean 0, variance 1, and nothing far below the rest. A failure, and a score far below the median,
 * say no more than "bad": as they are they would set the scale of the whole surface.
 */
const { max, sqrt } = Math;
/** Scores are cut at this many times the distance from the best to the median, below the best. */
const REACH = 4;

/** @param scores null for a failure @returns one number per score; all 0 if none is finite */
export function standardised(scores: readonly (number | null)[]): Float64Array {
  const sorted = scores.map((score) => score ?? Number.NEGATIVE_INFINITY).toSorted((a, b) => b - a);
  const finite = sorted.filter(Number.isFinite);
  if (finite.length === 0) return new Float64Array(scores.length);
  const best = finite[0]!;
  const median = sorted[(sorted.length / 2) | 0]!;
  const floor = median < best && Number.isFinite(median) ? best - REACH * (best - median) : finite.at(-1)!;
  const cut = Float64Array.from(scores, (score) => max(floor, score ?? Number.NEGATIVE_INFINITY));
  const mean = cut.reduce((sum, score) => sum + score, 0) / cut.length;
  const deviation = sqrt(cut.reduce((sum, score) => sum + (score - mean) ** 2, 0) / cut.length);
  return deviation > 0 && Number.isFinite(deviation) ? cut.map((score) => (score - mean) / deviation) : cut.fill(0);
}
