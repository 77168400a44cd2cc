/**
 * Progress of a search, wherever it is shown: the query, the details and the columns of the list.
 */
import { setColumns } from './attributes.js';
import { noteStage, showDetails } from './details.js';
import type { SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

/** Reports progress: to the query, the details, and the search attributes. */
export function showProgress(run: SearchRun, state: SearchState): void {
  const { progress } = run;
  run.shown = state;
  progress.told = state.told;
  progress.failed = state.failed;
  progress.raced = state.raced;
  progress.generation = state.generation;
  progress.identity = state.identityScore;
  progress.best = (state.best[0] ?? state.runnerUp)?.score ?? null;
  showDetails(run);
  const { best, identity, told: trials } = progress;
  if (best === null || identity === null) setColumns(run, { trials });
  else setColumns(run, { trials, bestScore: best, gain: best - identity });
}

/** From here on the search is at this stage. @param note what a reader should know of it */
export function enterStage(run: SearchRun, stage: string, note = ''): void {
  run.progress.stage = stage;
  setColumns(run, { stage });
  noteStage(run, note);
}
