/**
 * The full-precision network: its baseline and the finalist on the held-out prompts, and, if asked for, a search of its
 * own. That search runs beside the main one if both networks fit in memory.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { SearchResult, Verdict } from '../../contract/search-result.js';
import { numbered, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import { enterStage } from './show-progress.js';
import type { SearchState } from './search-state.js';

type Control = NonNullable<SearchResult['control']>;

/** Contexts of the full-precision network; null if there is none beside the searched one. */
export const fullContexts = ({ quantised, reference }: SearchState): Readonly<Record<string, string>> | null =>
  reference === null || reference.precision === quantised.precision ? null : reference.contexts;

/** Scores the baseline and the finalist on the full-precision network. @returns the baseline's scores; null if it failed */
export async function scoreControl(
  run: SearchRun,
  state: SearchState,
  finalist: Coefficients,
): Promise<Control['heldOut'] | null> {
  if (state.reference === null) return null;
  enterStage(run, 'control', `The same coefficients on the full-precision network (${state.reference.precision}).`);
  const identity = spaceOf(run.spec).identity();
  const trials = numbered(fullContexts(state) === null ? [identity] : [identity, finalist], 0);
  const { scores } = await scoreStage(run, state, { stage: 'control', trials, label: 'control' });
  return { [run.spec.objective.scorer]: scores[0]! };
}

/**
 * What the result says of it.
 *
 * @param heldOut what `scoreControl` returned
 * @returns null if the spec asks for no control
 */
export async function controlOf(
  run: SearchRun,
  state: SearchState,
  heldOut: Control['heldOut'] | null,
  { split }: Pick<Verdict, 'split'>,
): Promise<SearchResult['control']> {
  if (state.reference === null || heldOut === null) return null;
  const { precision } = state.reference;
  const known = { precision, heldOut, repair: split };
  if (run.spec.control !== 'search') return { ...known, search: null };
  return { ...known, search: state.control ?? (await run.control.result(precision)) };
}
