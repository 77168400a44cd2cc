/**
 * Ask, score, tell, until the optimizer or the budget ends it.
 */
import { workflowInfo } from '@temporalio/workflow';
import { createOptimizer, restoreOptimizer, thinks } from '../../optimizers/create.js';
import type { Optimizer, OptimizerOptions, Point } from '../../optimizers/optimizer.js';
import { computeActivities, storeActivities } from '../activities.js';
import { constrain } from './constraints.js';
import { failedScores } from './failed-scores.js';
import { nameFinalists, ranksByModel } from './finalists.js';
import { optimizerOptions } from './optimizer-options.js';
import { scoreGeneration } from './score-generation.js';
import { scoreStage } from './score-stage.js';
import { carryOn, spaceOf, useBudget, type SearchRun } from './search-run.js';
import { enterStage, showProgress } from './show-progress.js';
import type { SearchState } from './search-state.js';
import { designPoints, settleK } from './settle-k.js';
import { startBeside } from './start-beside.js';
import { tellAgain, tellFirst, tellGeneration } from './tell.js';

const { max } = Math;

/** A search whose candidates keep failing is stopped: more than this share, after at least this many. */
const MAX_FAILED_SHARE = 0.2;
const MIN_BEFORE_STOP = 5;

/** @throws QschedError (failure): too many candidates cannot be scored */
export async function optimise(run: SearchRun, start: SearchState): Promise<SearchState> {
  run.shown = start;
  enterStage(run, 'search');
  const space = spaceOf(run.spec);
  let options = optimizerOptions(run.spec, start);
  const { type } = run.spec.optimizer;
  let optimizer = optimizerAt(type, options, start);
  for (let state = await tellFirst(run, start, optimizer); ;) {
    await run.steering.boundary(state.told);
    if (useBudget(run, state)) {
      options = optimizerOptions(run.spec, state);
      optimizer = optimizerAt(type, options, state);
    }
    const stop = await run.steering.stopAt(state.told);
    if (stop !== null && stop.cut === null) return ended(run, state, optimizer);
    const points = await nextPoints(run, state, optimizer, options);
    // A stop came meanwhile, or an extension to a search that has asked for everything.
    if (run.steering.halted(state.told) || (points.length === 0 && run.steering.changed(state.told))) continue;
    if (points.length === 0) return ended(run, state, optimizer);
    showProgress(run, state);
    const trials = points.map((point, i) => ({
      index: state.told + i + 1,
      point,
      coefficients: space.toCoefficients(point),
    }));
    run.askedFor = state.told + trials.length;
    const {
      trials: scored,
      made,
      cut,
    } = await scoreGeneration(run, state, trials, {
      size: options.batch,
      cut: stop?.cut ?? null,
    });
    if (cut !== null) await run.steering.settleStop(state.told, cut);
    if (scored.length > 0) state = await tellGeneration(run, state, optimizer, scored, made);
    if (cut !== null || stop !== null) return ended(run, state, optimizer);
    const settled = await settleK(run, state);
    if (settled !== null) {
      options = optimizerOptions(run.spec, settled.state);
      optimizer = createOptimizer(type, options);
      state = await tellAgain(run, settled, optimizer);
      startBeside(run, state);
    }
    showProgress(run, state);
    await refuseFailing(run, state);
    if (workflowInfo().continueAsNewSuggested) await carryOn(run, state);
  }
}

/** As it was told so far. */
const optimizerAt = (type: string, options: OptimizerOptions, { optimizer }: SearchState): Optimizer =>
  optimizer === null ? createOptimizer(type, options) : restoreOptimizer(optimizer, options);

/** From here on the candidates are what they are. */
async function ended(run: SearchRun, state: SearchState, optimizer: Optimizer): Promise<SearchState> {
  run.steering.close();
  const end = { ...state, box: optimizer.space };
  return nameFinalists(run, end.best.length > 0 || ranksByModel(run.spec, end) ? end : await finishRunnerUp(run, end));
}

/** The next generation; empty once the search has ended. */
async function nextPoints(
  run: SearchRun,
  state: SearchState,
  optimizer: Optimizer,
  options: OptimizerOptions & { readonly batch: number },
): Promise<readonly Point[]> {
  const placed = await run.steering.place(state.told, optimizer.nextCount);
  // Candidates that were put in by hand take the first places of the generation.
  const among = (own: readonly Point[]): readonly Point[] => [
    ...placed,
    ...own.slice(0, max(0, own.length - placed.length)),
  ];
  const design = designPoints(run.spec, state, options, optimizer.nextCount);
  if (design !== null) return among(design);
  if (!thinks(run.spec.optimizer.type)) return among(optimizer.ask());
  const stored = await storedPoints(run, state, optimizer);
  return stored.length > 0 ? stored : among(await propose(run, state, optimizer, options));
}

/** The next points as they are stored. They are authoritative: the same search asks the same, whatever it would propose today. */
async function storedPoints(
  { searchId }: SearchRun,
  { told }: SearchState,
  { nextCount: count }: Optimizer,
): Promise<readonly Point[]> {
  if (count === 0) return [];
  const stored = await storeActivities(count).storedAsks({ searchId, from: told + 1, count });
  return stored.map(({ point }) => point);
}

/** The next points of an optimizer that takes its time, which proposes them away from this thread. */
async function propose(
  { spec }: SearchRun,
  { told: before }: SearchState,
  optimizer: Optimizer,
  options: OptimizerOptions & { readonly batch: number },
): Promise<readonly Point[]> {
  const count = optimizer.nextCount;
  if (count === 0) return [];
  const { type } = spec.optimizer;
  const { propose: proposeAway } = computeActivities();
  const summary = `${type}: points ${before + 1}-${before + count}`;
  return proposeAway.executeWithOptions({ summary }, [{ optimizer: type, options, state: optimizer.state() }]);
}

/** Nobody came to the end of a race: the baseline led all of them. The best of the others is scored on all pairs. */
async function finishRunnerUp(run: SearchRun, state: SearchState): Promise<SearchState> {
  const { runnerUp } = state;
  if (runnerUp === null) return state;
  const { index, coefficients } = runnerUp;
  const trials = [{ index, point: [], coefficients }];
  const { scores } = await scoreStage(run, state, { stage: 'calibration', trials, label: 'best of those dropped' });
  const [score] = scores;
  const [held] = await constrain(run, state, { stage: 'calibration', trials: [index], scores: [score ?? null] });
  if (score === null || score === undefined || !held!.keeps) return { ...state, runnerUp: null };
  return { ...state, raced: max(0, state.raced - 1), best: [{ ...runnerUp, score }] };
}

async function refuseFailing({ searchId }: SearchRun, { failed, told: all }: SearchState): Promise<void> {
  if (all < MIN_BEFORE_STOP || failed <= MAX_FAILED_SHARE * all) return;
  const what = `${failed} of ${all} candidates failed, more than ${MAX_FAILED_SHARE * 100} %`;
  throw await failedScores(searchId, what, 'Narrow coefficients.range, or fix the scorer.');
}
