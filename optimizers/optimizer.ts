/**
 * What every optimizer is: ask for points, tell points with their scores, save the state. Scores are maximised.
 *
 * An optimizer is a pure function of its options and of what it was told: no clock, no hidden random state. Random
 * number (index, coordinate, attempt) comes from a counter-based generator.
 */

/** A point in the search space's own units, of length d. */
export type Point = readonly number[];

/** A box: `lower[i] <= point[i] <= upper[i]`. */
export interface SearchSpace {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/** What an optimizer starts from. Options that belong to another optimizer are ignored. */
export interface OptimizerOptions {
  readonly space: SearchSpace;
  /** Whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Total number of points that may be told: whole, at least 1. */
  readonly budget: number;
  /** Points per ask; `defaultBatch` by default. For `cma-es` it is the population size. */
  readonly batch?: number;
  /** `grid`: points per dimension, from 2 to 1001; default 11. */
  readonly gridPoints?: number;
  /** `one-plus-one`, `cma-es`: first standard deviation as a share of the range, in (0, 1]; default 1/6. */
  readonly stepSize?: number;
  /** `cma-es`: how a sample outside the box is handled; `clip` (default) or `resample`, as the cmaes package does. */
  readonly bounds?: 'clip' | 'resample';
  /** `one-plus-one`, `cma-es`: the first point or mean, inside the box; its middle by default. */
  readonly start?: Point;
  /**
   * `cma-es`: stops once its largest standard deviation falls below this share of the range; default 1e-13, where
   * points no longer differ. Keep the default for noisy scores.
   */
  readonly tolerance?: number;
  /**
   * `cma-es`: what follows when a run has ended. `none` (default) ends the search; `ipop` begins anywhere with twice the
   * population; `bipop` also makes small runs in between (cma-restarts.ts). The batch is the first population.
   */
  readonly restarts?: 'none' | 'ipop' | 'bipop';
  /**
   * `cma-es`: standard deviation of a score, for a mean over pairs its standard error: a run ends when the scores of its
   * last three generations differ by no more. Null (default): it is not known, and only the step ends a run.
   */
  readonly noise?: number | null;
  /** `cma-es`: at least 10 scored points of the space, from whose best tenth it starts instead of from `start`. */
  readonly warmStart?: readonly ScoredPoint[];
  /**
   * `gp`: points with scores of an earlier, similar search in this search's units, at most 256; they may lie outside the
   * box. What they predict is where the model starts from, as far as the scores of this search agree.
   */
  readonly prior?: readonly ScoredPoint[];
  /**
   * `gp`: points whose scores are known without being asked, on all pairs, such as the baseline of a search; they may lie
   * outside the box. At most 16.
   */
  readonly known?: readonly ScoredPoint[];
  /** `gp`: points that are asked before its own, inside the box; at most 16. */
  readonly first?: readonly Point[];
  /** `gp`: a box around `space`. An edge of `space` near which the best lies moves outwards, never beyond these limits. */
  readonly limits?: SearchSpace;
  /** The budget with which the search was opened first, whatever it is now; `budget` by default. */
  readonly openedBudget?: number;
}

/** A value that JSON carries unchanged. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A point with its score. */
export interface ScoredPoint {
  readonly point: Point;
  readonly score: number;
}

/**
 * Everything needed to continue, as plain JSON. Below 64 KiB up to 100 dimensions and batches of 256.
 */
export interface OptimizerState {
  readonly name: string;
  readonly version: 1;
  /** Points told so far; with the seed in the options, this is the generator's whole state. */
  readonly asked: number;
  /** Identifies the space, the seed and the options, so that a state is restored into its own search only. */
  readonly fingerprint: string;
  /** The best point told; absent in states of 0.1.0. */
  readonly best?: ScoredPoint | null;
  /** What the algorithm itself remembers. */
  readonly own: { readonly [key: string]: JsonValue };
}

export interface Optimizer {
  readonly name: string;
  /** Points told so far. */
  readonly asked: number;
  /** The box of the next points: `options.space`, unless an optimizer has moved its edges within `options.limits`. */
  readonly space: SearchSpace;
  /**
   * The best point told so far with a whole score (share 1), the first of equal ones; null before the first. A state of 0.1.0 does not
   * contain it: after restoring one, it is the best of the points told since.
   */
  readonly best: ScoredPoint | null;
  /** How many points `ask` would return, without proposing them; 0 when finished. */
  readonly nextCount: number;
  /** The next batch: a pure function of the state, the same until something is told; empty when finished. */
  ask(): Point[];
  /**
   * Takes in points with their scores, higher is better. The caller owns the points: usually those of the last `ask`,
   * but any points of the space will do, and nothing is proposed again in order to be told.
   *
   * @param points at most as many as may still be asked
   * @param scores one per point; `null`, NaN or an infinite number is a failure, which ranks last and is never the best
   * @param shares one per point, in (0, 1]: the share of the (prompt, seed) pairs on which its score was measured; all 1
   *   by default. Below 1, the score is noisier, and the point never the best.
   * @throws QschedError (usage) if the lengths differ, a point has the wrong dimension, a share is out of range, or the
   *   optimizer is finished
   */
  tell(points: readonly Point[], scores: readonly (number | null)[], shares?: readonly number[]): void;
  state(): OptimizerState;
  /** Why no more points are asked; `null` while it continues. */
  stopReason(): string | null;
}
