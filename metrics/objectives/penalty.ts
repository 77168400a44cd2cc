/**
 * What an optimizer is told of a candidate that misses a constraint.
 */

/** How a candidate stands to one constraint. */
export interface Kept {
  /** Gain over the baseline in the constrained score, on the same images. */
  readonly gain: number;
  readonly atLeast: number;
  /** Weight of the score in the objective; 1 for a score outside it. */
  readonly weight: number;
}

/** Whether every gain is large enough. */
export const keepsAll = (constraints: readonly Kept[]): boolean =>
  constraints.every(({ gain, atLeast }) => gain >= atLeast);

/**
 * The score itself if the candidate keeps all constraints. Otherwise no more than the baseline's, less by what it misses in
 * units of the objective:
 *
 *   min(score, baseline) - sum |weight| max(0, atLeast - gain)
 *
 * Every candidate that keeps the constraints and gains anything is thus told above every one that does not, whatever the
 * scales of the scores are (the rule of Deb 2000 with the baseline as the worst feasible point); among those that do not,
 * missing less is better.
 */
export function penalised(score: number, baseline: number, constraints: readonly Kept[]): number {
  if (keepsAll(constraints)) return score;
  return constraints.reduce(
    (told, { gain, atLeast, weight }) => told - Math.abs(weight) * Math.max(0, atLeast - gain),
    Math.min(score, baseline),
  );
}
