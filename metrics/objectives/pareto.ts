/**
 * The Pareto front of two scores: the candidates that no other dominates. One candidate dominates another if it is at
 * least as good in both scores, and better in one. Comparisons are exact: no tolerance, no rounding.
 */

/** Two scores of a candidate, both finite and oriented so that higher is better. */
export type ScorePair = readonly [first: number, second: number];

/**
 * Indices of the candidates that no other dominates, from the best first score to the best second one. Of candidates
 * that are equal in both scores only the earliest is listed.
 */
export function frontOf(scores: readonly ScorePair[]): number[] {
  // Falling in the first score, then in the second: what dominates a candidate, or equals it earlier, comes before it.
  const order = scores
    .map((_, i) => i)
    .sort((a, b) => scores[b]![0] - scores[a]![0] || scores[b]![1] - scores[a]![1] || a - b);
  let best = -Infinity;
  return order.filter((i) => {
    const [, second] = scores[i]!;
    if (!(second > best)) return false;
    best = second;
    return true;
  });
}
