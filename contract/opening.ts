/**
 * What was settled when a search was opened first. It decides candidates and is not in the spec, so it is stored with
 * the search and holds for every later run of it, whatever the database and the budget have become since.
 */

import type { Coefficients } from './coefficients.js';

/** A candidate that is asked before those of the optimizer. */
export interface FirstAsk {
  /** In the search's own parameters, inside its range. */
  readonly point: readonly number[];
  /** Where it comes from: the best point of a prior search, a least-squares fit, the solution with fewer parameters. */
  readonly from: 'prior' | 'match' | 'linear';
}

/** A point of an earlier search. */
export interface PriorPoint {
  /** In this search's own parameters; it may lie outside the range. */
  readonly point: readonly number[];
  /** Gain over the baseline of the earlier search, on its prompts, in the objective of this search. */
  readonly score: number;
}

/** Scores of an earlier search, copied: it may change or be deleted afterwards. */
export interface Prior {
  readonly searchId: string;
  /** Its network in words, for example `shapes w8a8, 4 steps`. */
  readonly network: string;
  /** Its best first; at most 256. */
  readonly points: readonly PriorPoint[];
}

/** The weight of image quality that a search with `objective.k: auto` settled on its first candidates. */
export interface SettledK {
  readonly value: number;
  /** Those of them that have a score. */
  readonly candidates: number;
  /** Whether both terms varied over them; otherwise the value is the default. */
  readonly varied: boolean;
}

/** Plain JSON. */
export interface Opening {
  /** The linear solution that a search with coefficients per step starts from, and is compared with. */
  readonly linear?: { readonly searchId: string; readonly coefficients: Coefficients };
  /** The budget then: what an optimizer chooses by the size of the budget does not change when the budget grows. */
  readonly budget: number;
  readonly firstAsks: readonly FirstAsk[];
  readonly prior: Prior | null;
  /** Absent until it is settled, and where the spec gives k. */
  readonly k?: SettledK;
}

/** Nothing is asked first, and nothing is known from before. */
export const plainOpening = (budget: number): Opening => ({ budget, firstAsks: [], prior: null });
