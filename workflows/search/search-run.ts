/**
 * One execution of a search: what its stages share.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { coefficientSpace, type CoefficientSpace } from '../../diffusion/coefficients.js';
import type { SearchProgress } from '../../contract/search-result.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { SearchState } from './search-state.js';

/** What every stage knows, and the progress that it writes. */
export interface SearchRun {
  readonly searchId: string;
  readonly spec: SearchSpec;
  /** The spec as the user wrote it: the run after continue-as-new reads it again. */
  readonly input: unknown;
  /** What the `progress` query answers. */
  readonly progress: { -readonly [K in keyof SearchProgress]: SearchProgress[K] };
}

/** The coefficients that may vary, of a spec. */
export function spaceOf({ coefficients: { shape, tune, range }, scheduler: { steps } }: SearchSpec): CoefficientSpace {
  return coefficientSpace({ shape, tune, range, steps });
}

/** Continues in a run with an empty history. What is stored is asked for again, and found. */
export async function carryOn(run: SearchRun, state: SearchState): Promise<never> {
  await condition(allHandlersFinished);
  return continueAsNew<(input: unknown, carried: SearchState) => Promise<unknown>>(run.input, state);
}

/** Says how far the search is: to the query, to the details, and to the search attributes. */
export function showProgress({ spec, progress }: SearchRun, state: SearchState): void {
  progress.told = state.told;
  progress.failed = state.failed;
  progress.generation = state.generation;
  progress.identity = state.identityScore;
  progress.best = state.best[0]?.score ?? null;
  const best =
    progress.best === null ? '' : `, best ${progress.best.toFixed(4)} (identity ${state.identityScore?.toFixed(4)})`;
  const failed = state.failed > 0 ? `, ${state.failed} failed` : '';
  setCurrentDetails(
    `Generation ${state.generation}, ${state.told} of ${spec.optimizer.budget} trials${best}${failed}.`,
  );
  if (state.searchAttributes && progress.best !== null) {
    upsertSearchAttributes({ QschedBestScore: [progress.best], QschedTrials: [state.told] });
  }
}
