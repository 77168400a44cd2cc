/**
 * The `search` workflow: describe, plan, score the baseline, ask/score/tell, select, confirm, judge, finish.
 */
import { CancellationScope, defineQuery, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import type { SearchProgress, SearchResult } from '../../contract/search-result.js';
import { readSearchSpec } from '../../contract/validate.js';
import { storeActivities } from '../activities.js';
import { asFailure, explain, orFailure } from '../failure.js';
import { markRelease } from '../release.js';
import { Meter } from '../scoring/meter.js';
import { setColumns } from './attributes.js';
import { begin, scoreBaseline } from './begin.js';
import { conclude } from './conclude.js';
import { Control } from './control-search.js';
import { showEnd } from './details.js';
import { optimise } from './optimise.js';
import { useBudget, type SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';
import { startBeside } from './start-beside.js';
import { settleStart } from './start.js';
import { Steering } from './steering.js';
import { answerQueries } from './queries.js';
import { takeUpdates } from './updates.js';

/** How far the search is: `temporal workflow query --type progress`. */
export const progressQuery = defineQuery<SearchProgress>('progress');

/**
 * Searches the coefficients of one model at one precision.
 *
 * @param input a SearchSpec as a user wrote it: only `model` is required
 * @param carried the state of the run before this one, after continue-as-new
 */
export async function search(input: unknown, carried?: SearchState): Promise<SearchResult> {
  markRelease();
  const { workflowId: searchId } = workflowInfo();
  const progress = startOf(carried);
  const meter = new Meter();
  const steering = new Steering(searchId);
  setHandler(progressQuery, () => ({ ...progress, ...steering.shown(), ...meter.measured(Date.now()) }));
  const spec = orFailure(() => readSearchSpec(input));
  progress.budget = spec.optimizer.budget;
  const children = new Set<string>();
  const control = new Control(searchId, () => run.spec, children);
  const run: SearchRun = {
    searchId,
    spec,
    input,
    progress,
    meter,
    prompts: {},
    paces: { ...carried?.paces },
    control,
    steering,
    opened: carried !== undefined,
    columns: carried?.searchAttributes ?? false,
    page: carried?.page ?? null,
    note: '',
    shown: carried ?? null,
    askedFor: carried?.told ?? 0,
    children,
    described: null,
  };
  takeUpdates(run);
  answerQueries(run);
  if (carried !== undefined) steering.open(carried.steered ?? {}, spec.optimizer.budget);
  let state = carried;
  const scope = new CancellationScope();
  try {
    return await scope.run(async () => {
      state ??= await begin(run);
      if (state.identityScore === null) state = await settleStart(run, state);
      if (carried === undefined) steering.open(state.steered ?? {}, run.spec.optimizer.budget);
      useBudget(run, state);
      if (state.identityScore === null) state = await scoreBaseline(run, state);
      startBeside(run, state);
      state = await optimise(run, state);
      return conclude(run, state);
    });
  } catch (error) {
    if (isContinueAsNew(error)) throw error;
    scope.cancel();
    await abandon(run, error);
    throw isCancellation(error) ? error : asFailure(error);
  }
}

function startOf(carried: SearchState | undefined): SearchRun['progress'] {
  const { told = 0, generation = 0, failed = 0, raced = 0, identityScore: identity = null, best = [] } = carried ?? {};
  return {
    status: 'running',
    stage: 'prepare',
    told,
    budget: 0,
    generation,
    best: best[0]?.score ?? null,
    identity,
    failed,
    raced,
  };
}

/** Stores how the search ended, also if it was cancelled. */
async function abandon(run: SearchRun, error: unknown): Promise<void> {
  const { searchId, opened } = run;
  const status = isCancellation(error) ? ('cancelled' as const) : ('failed' as const);
  const end = { searchId, status, message: explain(error) };
  showEnd(run, status, end.message);
  await CancellationScope.nonCancellable(async () => {
    setColumns(run, { status });
    if (opened) await storeActivities(0).abandon(end);
  });
}

const isContinueAsNew = (error: unknown): boolean => error instanceof Error && error.name === 'ContinueAsNew';
