/**
 * Ask, score, tell, until the optimizer or the budget ends it.
 */
import { workflowInfo } from '@temporalio/workflow';
import type { CoefficientSpace } from '../../diffusion/coefficients.js';
import { createOptimizer, defaultBatch, restoreOptimizer, thinks } from '../../optimizers/create.js';
import type { Optimizer, OptimizerOptions, Point } from '../../optimizers/optimizer.js';
import type { Opening } from '../../contract/opening.js';
import type { AskedTrial } from '../../contract/payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { computeActivities, storeActivities } from '../activities.js';
import type { BatchScores } from '../scoring/score-batch.js';
import { failedScores } from './failed-scores.js';
import { scoreStage } from './score-stage.js';
import { carryOn, showProgress, spaceOf, type SearchRun } from './search-run.js';
import { rankBest, type SearchState } from './search-state.js';

const { min } = Math;

/** Candidates asked together at most, if the spec sets how many. */
const MAX_ASKED = 256;
/** The same for optimizers that would ask for their whole budget at once: how many are asked together changes nothing. */
const MAX_ASKED_BY_DEFAULT = 1024;
/** A search whose candidates keep failing is stopped: more than this share, after at least this many. */
const MAX_FAILED_SHARE = 0.2;
const MIN_BEFORE_STOP = 5;

/** @throws QschedError (failure): too many candidates cannot be scored */
export async function optimise(run: SearchRun, start: SearchState): Promise<SearchState> {
  run.progress.stage = 'search';
  const space = spaceOf(run.spec);
  const options = optionsOf(run.spec.optimizer, space, start.opening);
  const { type } = run.spec.optimizer;
  const optimizer =
    start.optimizer === null ? createOptimizer(type, options) : restoreOptimizer(start.optimizer, options);
  for (let state = start; ;) {
    const points = thinks(type) ? await propose(run, state, optimizer, options) : withFirstAsks(state, optimizer.ask());
    if (points.length === 0) return state;
    showProgress(run, state);
    const trials = points.map((point, i) => ({
      index: state.told + i + 1,
      point,
      coefficients: space.toCoefficients(point),
    }));
    const label = `generation ${state.generation + 1}`;
    const made = await scoreStage(run, state, { stage: 'calibration', trials, label }, (count) => {
      run.progress.told += count;
    });
    optimizer.tell(points, made.scores);
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
  state: SearchState,
  optimizer: Optimizer,
  options: OptimizerOptions & { readonly batch: number },
): Promise<readonly Point[]> {
  const { told: before } = state;
  const count = min(options.batch, options.budget - before);
  if (count === 0 || optimizer.stopReason() !== null) return [];
  const stored = await storeActivities(count).storedAsks({ searchId, from: before + 1, count });
  if (stored.length > 0) return stored.map(({ point }) => point);
  const { type } = spec.optimizer;
  const { propose: proposeAway } = computeActivities();
  const summary = `${type}: points ${before + 1}-${before + count}`;
  const request = { optimizer: type, options, state: optimizer.state() };
  return withFirstAsks(state, await proposeAway.executeWithOptions({ summary }, [request]));
}

/** The first generation begins with the points that the search was opened with; the optimizer's own fill it up. */
function withFirstAsks({ told: before, opening }: SearchState, asked: readonly Point[]): readonly Point[] {
  if (before > 0 || opening.firstAsks.length === 0) return asked;
  const first = opening.firstAsks.map(({ point }) => point).slice(0, asked.length);
  return [...first, ...asked.slice(0, asked.length - first.length)];
}

function optionsOf(
  { type, budget, seed, gridPoints, batch: wanted }: SearchSpec['optimizer'],
  { lower, upper }: CoefficientSpace,
  opening: Opening,
): OptimizerOptions & { readonly batch: number } {
  const own = gridPoints === undefined ? {} : { gridPoints };
  const known = opening.prior === null ? {} : { prior: opening.prior.points };
  const batch =
    wanted === undefined
      ? min(MAX_ASKED_BY_DEFAULT, defaultBatch(type, lower.length, budget, own))
      : min(MAX_ASKED, wanted);
  return { space: { lower, upper }, seed, budget, batch, openedBudget: opening.budget, ...own, ...known };
}

/** The state after a generation. */
function told(
  state: SearchState,
  trials: readonly AskedTrial[],
  { scores, kept }: BatchScores,
  optimizer: Optimizer,
  spec: SearchSpec,
): SearchState {
  const ranked = trials.flatMap(({ index, coefficients }, i) => {
    const score = scores[i]!;
    return score === null ? [] : [{ index, score, coefficients: kept.get(index) ?? coefficients }];
  });
  return {
    ...state,
    optimizer: optimizer.state(),
    told: state.told + trials.length,
    generation: state.generation + 1,
    failed: state.failed + trials.length - ranked.length,
    best: rankBest(state.best, ranked, spec.select.finalists),
  };
}

async function refuseFailing({ searchId }: SearchRun, { failed, told: all }: SearchState): Promise<void> {
  if (all < MIN_BEFORE_STOP || failed <= MAX_FAILED_SHARE * all) return;
  const what = `${failed} of ${all} candidates failed, more than ${MAX_FAILED_SHARE * 100} %`;
  throw await failedScores(searchId, what, 'Narrow coefficients.range, or fix the scorer.');
}
