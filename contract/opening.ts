/**
 * What was settled when a search was opened first. It decides candidates and is not in the spec, so it is stored with
 * the search and holds for every later run of it, whatever the database and the budget have become since.
 */

/** A candidate that is asked before those of the optimizer. */
export interface FirstAsk {
  /** In the search's own parameters, inside its range. */
  readonly point: readonly number[];
  /** Where it comes from: the best point of a prior search, a least-squares fit, the solution with fewer parameters. */
  readonly from: 'prior' | 'match' | 'linear';
}

/** Scores of an earlier search, copied. */
export interface Prior {
  readonly searchId: string;
  /** In this search's own parameters; scores as the earlier search had them. */
  readonly points: readonly { readonly point: readonly number[]; readonly score: number }[];
}

/** Plain JSON. */
export interface Opening {
  /** The budget then: what an optimizer chooses by the size of the budget does not change when the budget grows. */
  readonly budget: number;
  readonly firstAsks: readonly FirstAsk[];
  readonly prior: Prior | null;
}

/** Nothing is asked first, and nothing is known from before. */
export const plainOpening = (budget: number): Opening => ({ budget, firstAsks: [], prior: null });
