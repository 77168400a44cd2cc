/**
 * The control beside its search.
 */
import type { SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

/** Starts the control beside its search if both networks fit in memory; not before k is known, which they share. */
export function startBeside({ spec, control }: SearchRun, state: SearchState): void {
  if (spec.control !== 'search' || spec.objective.k === 'auto' || !state.together || state.control !== null) return;
  control.start(state.reference!.precision);
}
