/**
 * What a search finds out before its own candidates: the least-squares match that `start: match` asks for, and the linear
 * solution of a search with coefficients per step. Both become first asks, settled with the search when it is opened.
 */
import { executeChild } from '@temporalio/workflow';
import { linearFirst, linearIdOf, linearSpecOf } from '../../contract/linear-first.js';
import type { LinearSolution, Starts } from '../../contract/payloads.js';
import type { SearchResult } from '../../contract/search-result.js';
import { storeActivities } from '../activities.js';
import { fit } from '../fit.js';
import { PROMPT_ROWS } from './begin.js';
import { noteStage } from './details.js';
import type { SearchRun } from './search-run.js';
import { enterStage } from './show-progress.js';
import type { SearchState } from './search-state.js';

/** The search opened with what it starts from. A search that had its baseline scored keeps what was settled then. */
export async function settleStart(run: SearchRun, state: SearchState): Promise<SearchState> {
  const { searchId, spec, described } = run;
  if (described === null || (spec.start !== 'match' && !linearFirst(spec))) return state;
  enterStage(run, 'start');
  const { firstAsks, linear } = state.opening;
  const starts: Starts = {
    linear: linearFirst(spec) && !linear ? await linearSolution(run) : null,
    match: spec.start === 'match' && !firstAsks.some(({ from }) => from === 'match') ? await matched(run) : null,
  };
  if (starts.linear === null && starts.match === null) return state;
  const { quantised, reference } = described;
  const request = { searchId, spec, quantised, reference: spec.control === 'none' ? null : reference, starts };
  const { opening, startNotes } = await storeActivities(PROMPT_ROWS).planSearch(request);
  return { ...state, opening, notes: [...state.notes, ...startNotes] };
}

/** The coefficients of a least-squares match on the calibration prompts; a stored one is reused. */
async function matched({ spec, described }: SearchRun): Promise<Starts['match']> {
  const { quantised, reference } = described!;
  const { id, document } = await fit({ method: 'match' }, { spec, quantised, reference: reference! });
  return { scheduleId: id, coefficients: document.coefficients };
}

/** The finalist of the linear search, which runs now if it has not finished before. */
async function linearSolution(run: SearchRun): Promise<LinearSolution> {
  const { searchId, spec, children } = run;
  const found = await storeActivities(0).findLinear({ searchId, spec });
  if (found !== null) return found;
  const workflowId = linearIdOf(searchId);
  noteStage(run, `The linear solution is searched first: \`${workflowId}\`.`);
  const args: [unknown] = [linearSpecOf(spec)];
  const staticSummary = `The linear search that ${searchId} starts from`;
  children.add(workflowId);
  try {
    const { finalist } = (await executeChild('search', { workflowId, args, staticSummary })) as SearchResult;
    return { searchId: workflowId, coefficients: finalist };
  } finally {
    children.delete(workflowId);
  }
}
