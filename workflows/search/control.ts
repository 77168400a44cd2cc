/**
 * The full-precision network: its baseline on the held-out prompts, and, if asked for, a search of its own. That search
 * runs beside the main one if both networks fit in memory.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import type { SearchResult } from '../../contract/search-result.js';
import { numbered, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

/** @returns null if the spec asks for no control; a score that failed is null */
export async function runControl(run: SearchRun, state: SearchState): Promise<SearchResult['control']> {
  const { spec, progress } = run;
  if (state.reference === null) return null;
  const { precision } = state.reference;
  progress.stage = 'control';
  setCurrentDetails(`Evaluating the full-precision network (${precision}).`);
  const trials = numbered([spaceOf(spec).identity()], 0);
  const { scores } = await scoreStage(run, state, { stage: 'control', trials, label: 'control' });
  const heldOut = { [spec.objective.scorer]: scores[0]! };
  if (spec.control === 'evaluate') return { precision, heldOut, search: null };
  return { precision, heldOut, search: state.control ?? (await run.control.result(precision)) };
}
