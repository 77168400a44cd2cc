/**
 * Ask, score, tell, until the optimizer or the budget ends it.
 */
import { workflowInfo } from '@temporalio/workflow';
import { createOptimizer, restoreOptimizer, thinks } from '../../optimizers/create.js';
import type { Optimizer, OptimizerOptions, Point } from '../../optimizers/optimizer.js';
import type { AskedTrial } from '../../contract/payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { computeActivities, storeActivities } from '../activities.js';
import type { RacedScores } from '../scoring/race-batch.js';
import { failedScores } from './failed-scores.js';
import { optimizerOptions } from './optimizer-options.js';
import { scoreGeneration } from './score-generation.js';
import { scoreStage } from './score-stage.js';
import { carryOn, showProgress, spaceOf, type SearchRun } from './search-run.js';
import { rankBest, type SearchState } from './search-state.js';

/** A search whose candidates keep failing is stopped: more than this share, after at least this many. */
const MAX_FAILED_SHARE = 0.2;
const MIN_BEFORE_STOP = 5;

/** @throws QschedError (failure): too many candidates cannot be scored */
export async function optimise(run: SearchRun, start: SearchState): Promise<SearchState> {
  run.progress.stage = 'search';
  const space = spaceOf(run.spec);
  const options = optimizerOptions(run.spec, start.opening);
  const { type } = run.spec.optimizer;
  const optimizer =
    start.optimizer === null ? createOptimizer(type, options) : restoreOptimizer(start.optimizer, options);
  for (let state = tellFirst(start, optimizer, run.spec); ;) {
    const points = thinks(type) ? await propose(run, state, optimizer, options) : optimizer.ask();
    if (points.length === 0) {
      const end = { ...state, box: optimizer.space };
      return end.best.length > 0 ? end : finishRunnerUp(run, end);
    }
    showProgress(run, state);
    const trials = points.map((point, i) => ({
      index: state.told + i + 1,
      point,
      coefficients: space.toCoefficients(point),
    }));
    const made = await scoreGeneration(run, state, trials, options.batch);
    optimizer.tell(points, made.scores, made.shares);
    state = told(state, trials, made, optimizer, run.spec);
    showProgress(run, state);
    await refuseFailing(run, state);
    if (workflowInfo().continueAsNewSuggested) await carryOn(run, state);
  }
}

/**
 * The next points of an optimizer that takes its time: those that are stored already, else those that it proposes away
 * from this thread. Stored asks are authoritative: the same search asks the same, whatever it would propose today.
 */
async function propose(
  { searchId, spec }: SearchRun,
  { told: before }: SearchState,
  optimizer: Optimizer,
  options: OptimizerOptions & { readonly batch: number },
): Promise<readonly Point[]> {
  const count = optimizer.nextCount;
  if (count === 0) return [];
  const stored = await storeActivities(count).storedAsks({ searchId, from: before + 1, count });
  if (stored.length > 0) return stored.map(({ point }) => point);
  const { type } = spec.optimizer;
  const { propose: proposeAway } = computeActivities();
  const summary = `${type}: points ${before + 1}-${before + count}`;
  return proposeAway.executeWithOptions({ summary }, [{ optimizer: type, options, state: optimizer.state() }]);
}

/** The candidates that were scored beside the baseline are told before the optimizer is asked. */
function tellFirst(state: SearchState, optimizer: Optimizer, spec: SearchSpec): SearchState {
  const { firstScores } = state;
  if (firstScores === null || state.told > 0) return state;
  const { trials, scores } = firstScores;
  if (trials.length === 0) return state;
  const shares = trials.map(() => 1);
  optimizer.tell(
    trials.map(({ point }) => point),
    scores,
    shares,
  );
  return told(state, trials, { scores: [...scores], shares, kept: new Map() }, optimizer, spec);
}

/** The state after a generation. */
function told(
  state: SearchState,
  trials: readonly AskedTrial[],
  { scores, shares, kept }: RacedScores,
  optimizer: Optimizer,
  spec: SearchSpec,
): SearchState {
  const scored = trials.flatMap(({ index, coefficients }, i) => {
    const score = scores[i]!;
    return score === null ? [] : [{ index, score, coefficients: kept.get(index) ?? coefficients, share: shares[i]! }];
  });
  const ranked = scored.flatMap(({ share, ...one }) => (share === 1 ? [one] : []));
  const dropped = scored.flatMap(({ share, ...one }) => (share < 1 ? [one] : []));
  return {
    ...state,
    optimizer: optimizer.state(),
    told: state.told + trials.length,
    generation: state.generation + 1,
    failed: state.failed + trials.length - scored.length,
    raced: state.raced + dropped.length,
    best: rankBest(state.best, ranked, spec.select.finalists),
    runnerUp: rankBest(state.runnerUp === null ? [] : [state.runnerUp], dropped, 1)[0] ?? null,
  };
}

/** Nobody came to the end of a race: the baseline led all of them. The best of the others is scored on all pairs. */
async function finishRunnerUp(run: SearchRun, state: SearchState): Promise<SearchState> {
  const { runnerUp } = state;
  if (runnerUp === null) return state;
  const { index, coefficients } = runnerUp;
  const trials = [{ index, point: [], coefficients }];
  const { scores } = await scoreStage(run, state, { stage: 'calibration', trials, label: 'best of those dropped' });
  const [score] = scores;
  if (score === null || score === undefined) return { ...state, runnerUp: null };
  return { ...state, raced: state.raced - 1, best: [{ ...runnerUp, score }] };
}

async function refuseFailing({ searchId }: SearchRun, { failed, told: all }: SearchState): Promise<void> {
  if (all < MIN_BEFORE_STOP || failed <= MAX_FAILED_SHARE * all) return;
  const what = `${failed} of ${all} candidates failed, more than ${MAX_FAILED_SHARE * 100} %`;
  throw await failedScores(searchId, what, 'Narrow coefficients.range, or fix the scorer.');
}
