/**
 * What full precision does with the same prompts, and with a search of its own.
 */
import { executeChild, setCurrentDetails } from '@temporalio/workflow';
import type { SearchResult } from '../../contract/search-result.js';
import { numbered, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

/** @returns null where the spec wants no control; a score that failed is null */
export async function runControl(run: SearchRun, state: SearchState): Promise<SearchResult['control']> {
  const { searchId, spec, progress } = run;
  if (state.reference === null) return null;
  const { precision } = state.reference;
  progress.stage = 'control';
  setCurrentDetails(`Evaluating the full-precision network (${precision}) beside it.`);
  const trials = numbered([spaceOf(spec).identity()], 0);
  const { scores } = await scoreStage(run, state, { stage: 'control', trials, label: 'control' });
  const heldOut = { [spec.objective.scorer]: scores[0]! };
  if (spec.control === 'evaluate') return { precision, heldOut, search: null };
  const args: [unknown] = [{ ...spec, precision, control: 'none' }];
  const own = (await executeChild('search', { workflowId: `${searchId}-control`, args })) as SearchResult;
  return { precision, heldOut, search: { best: own.best, identity: own.identity, heldOut: own.heldOut } };
}
