/**
 * The `search` workflow: prepare, open, ask/score/tell, select, confirm, judge, finish.
 */
import {
  ApplicationFailure, CancellationScope, continueAsNew, executeChild, isCancellation, setCurrentDetails, setHandler,
  defineQuery, upsertSearchAttributes, workflowInfo, TimeoutFailure, ActivityFailure, ChildWorkflowFailure, allHandlersFinished, condition,
} from '@temporalio/workflow';
import { coefficientSpace } from '../diffusion/coefficients.js';
import { createOptimizer, defaultBatch, restoreOptimizer } from '../optimizers/create.js';
import type { Coefficients } from '../spec/coefficients.js';
import { QschedError } from '../spec/errors.js';
import { scorersOf } from '../spec/objective-plan.js';
import type { BatchReference, FinishRequest, JudgedObjective, PrepareResult, SearchProgress, SearchResult, Stage } from '../spec/payloads.js';
import type { SearchSpec } from '../spec/search-spec.js';
import { parseSearchSpec } from '../spec/validate.js';
import { modelActivities, storeActivities } from './activities.js';
import { pictures, scoreBatch } from './score-batch.js';
import { rankBest, type Ranked, type SearchState } from './search-state.js';

const { max, min } = Math;

/** Candidates asked together where neither the spec nor the optimizer sets it lower. */
const MOST_ASKED = 256;
/** Judging resamples every held-out prompt many times: as long as so many rows. */
const RESAMPLING_ROWS = 100;
/** A search whose candidates keep failing is stopped: more than this share, after at least this many. */
const MOST_FAILED_SHARE = 0.2;
const FEWEST_BEFORE_STOP = 5;

/** Where the search is: `temporal workflow query --type progress`. */
export const progressQuery = defineQuery<SearchProgress>('progress');

/**
 * Searches the coefficients of one model at one precision.
 *
 * @param input a SearchSpec as a user wrote it: only `model` is required
 * @param carried the state of the run before this one, after continue-as-new
 */
export async function search(input: unknown, carried?: SearchState): Promise<SearchResult> {
  const { workflowId: searchId } = workflowInfo();
  const progress: { -readonly [K in keyof SearchProgress]: SearchProgress[K] } = {
    status: 'running', stage: 'prepare', told: carried?.told ?? 0, budget: 0, generation: carried?.generation ?? 0,
    best: carried?.best[0]?.score ?? null, identity: carried?.identityScore ?? null, failed: carried?.failed ?? 0,
  };
  setHandler(progressQuery, () => ({ ...progress }));
  const spec = validate(input);
  progress.budget = spec.optimizer.budget;
  let opened = carried !== undefined;
  try {
    const start = carried ?? (await begin());
    opened = true;
    const state = await loop(start);
    return await conclude(state);
  } catch (error) {
    if (isContinueAsNew(error)) throw error;
    const cancelled = isCancellation(error);
    if (opened) {
      const end = { searchId, status: cancelled ? ('cancelled' as const) : ('failed' as const), message: explain(error) };
      await CancellationScope.nonCancellable(() => storeActivities(0).abandon(end));
    }
    throw cancelled ? error : asFailure(error);
  }

  /** Resolves the spec, opens the search and scores the identity. */
  async function begin(): Promise<SearchState> {
    details(`Preparing **${spec.model}** at ${spec.precision}: waiting for a worker that serves this model. Start one with \`npx qsched worker --model ${spec.model}\`.`);
    await storeActivities(0).check({ spec, patient: asksToWait(input) });
    const prepared = await modelActivities(spec.model, spec.waitForWorker).prepare.executeWithOptions({ summary: `${spec.model} ${spec.precision}` }, [{ spec }]);
    const { searchAttributes } = await storeActivities(textCount(prepared.texts)).open({ searchId, spec, objective: prepared.objective, contexts: prepared.contexts, splits: prepared.splits, texts: prepared.texts });
    opened = true;
    if (searchAttributes) upsertSearchAttributes({ QschedModel: [spec.model], QschedPrecision: [spec.precision], QschedStatus: ['running'] });
    progress.stage = 'identity';
    details(`Scoring the identity of **${spec.model}** ${spec.precision} on ${prepared.splits.calibration.count} prompts. If this stays, no worker serves \`${prepared.quantised.scoreQueue}\`: start one with \`npx qsched worker --model ${spec.model}\`.`);
    const identity = space().identity();
    const objectives = judgedObjectives(spec, prepared);
    const { scores } = await scoreBatch({
      reference: reference(objectives, 'calibration', prepared.quantised.contexts), prepared: prepared.quantised, scheduler: spec.scheduler, split: prepared.splits.calibration,
      trials: [{ index: 0, point: [], coefficients: identity }], retryFailed: spec.retryFailed, waitSeconds: spec.waitForWorker, label: 'identity',
    });
    const identityScore = scores[0]!;
    if (identityScore === null) throw new QschedError('failure', `The identity of ${spec.model} ${spec.precision} cannot be scored: its evaluations failed.`, 'Look at `select reason from evaluations where status = \'failed\'`; then `npx qsched resume --retry-failed`.');
    progress.identity = identityScore;
    return { quantised: prepared.quantised, reference: prepared.reference, objectives, notes: prepared.notes, splits: prepared.splits, searchAttributes, identityScore, optimizer: null, told: 0, failed: 0, generation: 0, best: [] };
  }

  /** Ask, score, tell until the optimizer or the budget ends it. */
  async function loop(start: SearchState): Promise<SearchState> {
    let state = start;
    progress.stage = 'search';
    const searched = space();
    const { lower, upper } = searched;
    const { type, budget, seed, gridPoints } = spec.optimizer;
    const own = gridPoints === undefined ? {} : { gridPoints };
    const batch = min(MOST_ASKED, spec.optimizer.batch ?? defaultBatch(type, lower.length, budget, own));
    const options = { space: { lower, upper }, seed, budget, batch, ...own };
    const optimizer = state.optimizer === null ? createOptimizer(type, options) : restoreOptimizer(state.optimizer, options);
    for (;;) {
      const points = optimizer.ask();
      if (points.length === 0) return state;
      const trials = points.map((point, i) => ({ index: state.told + i + 1, point, coefficients: searched.toCoefficients(point) }));
      show(state);
      const before = state.told;
      let recorded = 0;
      const { scores } = await scoreBatch({
        reference: reference(state.objectives, 'calibration', state.quantised.contexts), prepared: state.quantised, scheduler: spec.scheduler, split: state.splits.calibration,
        trials, retryFailed: spec.retryFailed, waitSeconds: null, label: `generation ${state.generation + 1}`,
      }, (count) => { recorded += count; progress.told = before + recorded; });
      optimizer.tell(scores);
      const ranked = trials.flatMap((trial, i) => (scores[i] === null ? [] : [{ index: trial.index, score: scores[i]!, coefficients: trial.coefficients }]));
      state = {
        ...state, optimizer: optimizer.state(), told: state.told + trials.length, generation: state.generation + 1,
        failed: state.failed + scores.filter((score) => score === null).length,
        best: rankBest(state.best, ranked, spec.select.finalists),
      };
      show(state);
      if (state.told >= FEWEST_BEFORE_STOP && state.failed > MOST_FAILED_SHARE * state.told) {
        throw new QschedError('failure', `${state.failed} of ${state.told} candidates failed: more than ${MOST_FAILED_SHARE * 100} %.`, 'Narrow coefficients.range, or look at `select reason from evaluations where status = \'failed\'`.');
      }
      if (workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof search>(input, state);
      }
    }
  }

  /** Select among the best on other prompts, confirm the finalist on yet others, judge, show the control. */
  async function conclude(state: SearchState): Promise<SearchResult> {
    const best = state.best[0];
    if (best === undefined) throw new QschedError('failure', 'No candidate could be scored.', 'Narrow coefficients.range, or raise the budget.');
    const { coefficients: finalist, score: finalistScore } = await select(state);
    progress.stage = 'confirm';
    details(`Confirming the finalist against the identity on ${state.splits.confirm.count} held-out prompts.`);
    const identity = space().identity();
    await scored(state, 'confirm', state.quantised.contexts, [identity, finalist], 0, 'confirm');
    const verdict = await storeActivities(state.splits.confirm.count * RESAMPLING_ROWS).judge({ searchId, contexts: state.quantised.contexts, seeds: spec.confirm.seeds, objectives: state.objectives });
    const objective = verdict.scorers[0]!;
    const control = await runControl(state, identity);
    const calibrationGain = finalistScore - state.identityScore;
    const { low, high } = { low: min(objective.percentile.low, objective.studentised.low), high: max(objective.percentile.high, objective.studentised.high) };
    const result: FinishRequest['result'] = {
      searchId, status: 'finished', model: spec.model, precision: spec.precision, steps: spec.scheduler.steps, optimizer: spec.optimizer.type,
      trials: state.told, failed: state.failed,
      best: { trial: best.index, coefficients: best.coefficients, score: best.score },
      identity: { trial: 0, coefficients: identity, score: state.identityScore },
      finalist,
      notes: state.notes,
      heldOut: { prompts: objective.prompts, gain: objective.gain, low, high, recommend: verdict.recommend, reason: verdict.reason, scorers: verdict.scorers, calibrationGain, optimism: calibrationGain - objective.gain },
      control,
    };
    const complete = await storeActivities(state.told * pictures(state.splits.calibration)).finish({ result });
    if (state.searchAttributes) upsertSearchAttributes({ QschedStatus: ['finished'] });
    progress.stage = 'finished';
    progress.status = 'finished';
    details(`**${verdict.recommend}**: ${verdict.reason}`);
    return complete;
  }

  async function select(state: SearchState): Promise<Ranked> {
    const candidates = state.best.map((ranked) => ranked.coefficients);
    if (candidates.length === 1) return state.best[0]!;
    progress.stage = 'select';
    details(`Choosing among the best ${candidates.length} on ${state.splits.select.count} other prompts.`);
    const scores = await scored(state, 'select', own(state.objectives, state.quantised.contexts), candidates, 1, 'select');
    let winner = 0;
    scores.forEach((score, i) => { if (score !== null && score > (scores[winner] ?? -Infinity)) winner = i; });
    return state.best[winner]!;
  }

  /** Scores candidates on the prompts of a later stage. */
  async function scored(state: SearchState, stage: Stage | 'control', contexts: Readonly<Record<string, string>>, candidates: readonly Coefficients[], first: number, label: string): Promise<(number | null)[]> {
    const prepared = stage === 'control' ? state.reference! : state.quantised;
    const split = stage === 'control' ? 'confirm' : stage;
    const { scores } = await scoreBatch({
      reference: reference(state.objectives, stage, contexts), prepared, scheduler: spec.scheduler, split: state.splits[split],
      trials: candidates.map((coefficients, i) => ({ index: first + i, point: [], coefficients })), retryFailed: spec.retryFailed, waitSeconds: null, label,
    });
    return scores;
  }

  /** What full precision does with the same prompts, and with a search of its own. */
  async function runControl(state: SearchState, identity: Coefficients): Promise<SearchResult['control']> {
    const { reference: full } = state;
    if (full === null) return null;
    progress.stage = 'control';
    details(`Evaluating the full-precision network (${full.precision}) beside it.`);
    const heldOut: Record<string, number> = {};
    const scores = await scored(state, 'control', full.contexts, [identity], 0, 'control');
    heldOut[spec.objective.scorer] = scores[0] ?? NaN;
    if (spec.control === 'evaluate') return { precision: full.precision, heldOut, search: null };
    const own = await executeChild(search, { workflowId: `${searchId}-control`, args: [{ ...spec, precision: full.precision, control: 'none' }] });
    return { precision: full.precision, heldOut, search: { best: own.best, identity: own.identity, heldOut: own.heldOut } };
  }

  function space() {
    const { shape, tune, range } = spec.coefficients;
    return coefficientSpace({ shape, tune, range, steps: spec.scheduler.steps });
  }

  function reference(objectives: readonly JudgedObjective[], stage: Stage | 'control', contexts: Readonly<Record<string, string>>): BatchReference {
    const split: Stage = stage === 'control' ? 'confirm' : stage;
    const used = stage === 'calibration' ? own(objectives, contexts) : contexts;
    const seeds = { calibration: spec.prompts.seeds, select: spec.select.seeds, confirm: spec.confirm.seeds }[split];
    return { searchId, stage, contexts: used, split, seeds, objective: objectives[0]!.plan };
  }

  function show(state: SearchState): void {
    progress.told = state.told;
    progress.failed = state.failed;
    progress.generation = state.generation;
    progress.best = state.best[0]?.score ?? null;
    const best = progress.best === null ? '' : `, best ${progress.best.toFixed(4)} (identity ${state.identityScore.toFixed(4)})`;
    details(`Generation ${state.generation}, ${state.told} of ${spec.optimizer.budget} trials${best}${state.failed > 0 ? `, ${state.failed} failed` : ''}.`);
    if (state.searchAttributes && progress.best !== null) upsertSearchAttributes({ QschedBestScore: [progress.best], QschedTrials: [state.told] });
  }
}

/** What is judged by: the search's own objective first, under its scorer's name. */
export const judgedObjectives = ({ objective }: Pick<SearchSpec, 'objective'>, prepared: Pick<PrepareResult, 'objective' | 'outside'>): JudgedObjective[] =>
  [{ scorer: objective.scorer, plan: prepared.objective }, ...Object.entries(prepared.outside).map(([scorer, plan]) => ({ scorer, plan }))];

/** Contexts of the objective's own scorers. */
const own = (objectives: readonly JudgedObjective[], contexts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(scorersOf(objectives[0]!.plan).map((scorer) => [scorer, contexts[scorer]!]));

const textCount = (texts: PrepareResult['texts']): number => texts.calibration.length + texts.select.length + texts.confirm.length;

/** Whether the user wrote how long to wait for a worker. */
const asksToWait = (input: unknown): boolean => typeof input === 'object' && input !== null && 'waitForWorker' in input;

const details = (text: string): void => setCurrentDetails(text);

function validate(input: unknown): SearchSpec {
  try {
    return parseSearchSpec(input);
  } catch (error) {
    throw asFailure(error);
  }
}

const isContinueAsNew = (error: unknown): boolean => error instanceof Error && error.name === 'ContinueAsNew';

/** The sentence that a person reads; a wait for a worker that ended in vain says so. */
function explain(error: unknown): string {
  if (error instanceof ActivityFailure) {
    if (error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_START') {
      return 'No worker served the queue in time. Start one with `npx qsched worker`, then `npx qsched resume`.';
    }
    return error.cause?.message ?? error.message;
  }
  if (error instanceof ChildWorkflowFailure) return `The full-precision control failed: ${explain(error.cause)}`;
  if (error instanceof QschedError) return `${error.message} ${error.hint}`.trim();
  return error instanceof Error ? error.message : String(error);
}

/** A failure that ends the workflow at once, with the same sentence. */
export function asFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const type = error instanceof QschedError ? error.code : error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? (error.cause.type ?? 'failure') : 'failure';
  return ApplicationFailure.create({ message: explain(error), type, nonRetryable: true, ...(error instanceof Error ? { cause: error } : {}) });
}
