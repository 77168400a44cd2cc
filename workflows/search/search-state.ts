/**
 * What a search carries through continue-as-new: plain JSON.
 */
import type { OptimizerState, SearchSpace } from '../../optimizers/optimizer.js';
import type { Coefficients } from '../../contract/coefficients.js';
import type { AskedTrial, Finalist, SearchPlan } from '../../contract/payloads.js';
import type { SearchResult } from '../../contract/search-result.js';
import type { SurfacePoint } from '../../contract/steering.js';
import type { SteeringState } from './steering.js';
import type { Paces } from '../scoring/batch.js';

/** A trial that may become a finalist. */
export interface Ranked {
  readonly index: number;
  readonly score: number;
  readonly coefficients: Coefficients;
}

/** The search between two batches. */
export interface SearchState extends Omit<SearchPlan, 'workers' | 'startNotes' | 'steering'> {
  /** Null until the baseline is scored. */
  readonly identityScore: number | null;
  /** The first asks of the opening, which are scored beside the baseline; null until it is scored. */
  readonly firstScores: {
    readonly trials: readonly AskedTrial[];
    readonly scores: readonly (number | null)[];
  } | null;
  readonly optimizer: OptimizerState | null;
  /** Where the optimizer looked for its last candidates; null until it has ended. */
  readonly box: SearchSpace | null;
  readonly told: number;
  readonly failed: number;
  /** Dropped in races. */
  readonly raced: number;
  readonly generation: number;
  /** The best candidates so far, best first, each once; ties keep the earlier one first. */
  readonly best: readonly Ranked[];
  /** Who is scored on the selection prompts, the likeliest first; null (absent in states of older runs) until the optimizer has ended. */
  readonly finalists?: readonly Finalist[] | null;
  /** The best of those who were dropped in races: it is scored on all pairs if nobody else was. */
  readonly runnerUp: Ranked | null;
  /** What is known of the workers, by queue. */
  readonly paces: Paces;
  /** The full-precision search, if it has ended in an earlier run of this workflow. */
  readonly control: NonNullable<SearchResult['control']>['search'];
  /** What people changed about it, as it was before this run of the workflow; of earlier builds, absent. */
  readonly steered?: Partial<SteeringState>;
  /** Address of its live page; null if nobody serves it, absent in earlier builds. */
  readonly page?: string | null;
  /** The latest candidates, at most MOST_POINTS; absent before the first. */
  readonly surface?: readonly SurfacePoint[];
}

/** Points that the query `surface` answers with at most: they are carried through continue-as-new. */
export const MOST_POINTS = 1000;

/** Adds a generation's trials to the best `most`; an optimizer that asks a point twice does not fill the list with it. */
export function rankBest(best: readonly Ranked[], generation: readonly Ranked[], most: number): Ranked[] {
  const seen = new Set<string>();
  return [...best, ...generation]
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .filter(({ coefficients: { sample, noise } }) => {
      const key = JSON.stringify([sample, noise]);
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, most);
}
