/**
 * What every optimizer is: ask for points, tell their scores, save the state. Scores are maximised.
 *
 * An optimizer is a pure function of its options and of the scores it was told: no clock, no hidden
 * random state. Draw number (index, coordinate, attempt) comes from a counter-based generator.
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
  /** Points it may ask in all: whole, at least 1. */
  readonly budget: number;
  /** Points asked together; `defaultBatch` where absent. For `cma-es` it is the population size. */
  readonly batch?: number;
  /** `grid`: points in each dimension, from 2 to 1001; default 11. */
  readonly gridPoints?: number;
  /** `one-plus-one`, `cma-es`: first standard deviation as a share of the range, in (0, 1]; default 1/6. */
  readonly stepSize?: number;
  /** CMA-ES: what becomes of a draw outside the box; `clip` (default) or `resample`, as the cmaes package does. */
  readonly bounds?: 'clip' | 'resample';
  /** `one-plus-one`, `cma-es`: the first point or mean, inside the box; default its middle. */
  readonly start?: Point;
  /**
   * `cma-es`: it stops when its largest standard deviation falls below this share of the range;
   * default 1e-13, where points stop to differ. Noisy scores want the default.
   */
  readonly tolerance?: number;
}

/** A value that JSON carries unchanged. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * All that is needed to continue, as plain JSON. Below 64 KiB up to 100 dimensions and batches of 256.
 */
export interface OptimizerState {
  readonly name: string;
  readonly version: 1;
  /** Points told so far; with the seed in the options, this is the generator's whole state. */
  readonly asked: number;
  /** Marks the space, the seed and the options, so that a state meets only its own search. */
  readonly fingerprint: string;
  /** What the algorithm itself remembers. */
  readonly own: { readonly [key: string]: JsonValue };
}

export interface Optimizer {
  readonly name: string;
  /** Points told so far. */
  readonly asked: number;
  /** The next batch: a pure function of the state, the same until it is told; empty when finished. */
  ask(): Point[];
  /**
   * Points with their scores, higher is better. The caller owns the points: nothing is computed again to be told.
   * `null`, NaN or an infinite number: failed; it ranks last and never becomes the best point.
   *
   * @throws QschedError (usage) if the lengths differ, or more is told than may be asked
   */
  tell(points: readonly Point[], scores: readonly (number | null)[]): void;
  state(): OptimizerState;
  /** Why it asks no more; `null` while it continues. */
  stopReason(): string | null;
}
