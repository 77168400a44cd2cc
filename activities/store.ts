/**
 * Activities of the store queue: the one writer. Each is safe to repeat.
 */
import { asStoreError, type Store } from '../db/open-store.js';
import { failureReasons } from '../db/failures.js';
import { storedAsks } from '../db/stored-asks.js';
import { findLinear } from '../db/find-linear.js';
import { addFit, findFit } from '../db/fits.js';
import { closeRun, finishEvaluate, finishGate, openRun, setRunPaused, type RunEnd } from '../db/runs.js';
import { closeSearch, heldOpening, openSearch } from '../db/searches.js';
import { constrainTrials } from '../db/constrain.js';
import { settleK } from '../db/settle-k.js';
import { raceTrials } from '../db/races.js';
import { stageGains } from '../db/stage-gains.js';
import { addSteering, setPaused, settleSteering, steeringOf } from '../db/steering.js';
import { askTrials, recordTrials } from '../db/trials.js';
import { finishSearch } from '../db/finish.js';
import type {
  AskedTrial,
  AskQueueRequest,
  AskQueueResult,
  CheckedSearch,
  CheckRequest,
  ConstrainedTrial,
  ConstrainRequest,
  FindLinearRequest,
  FinishRequest,
  LinearSolution,
  PlanSearchRequest,
  PromptPage,
  PromptPageRequest,
  RaceQueueResult,
  RaceRequest,
  RecordRequest,
  SearchPlan,
  StageGainsRequest,
  SettledObjective,
  SettleKRequest,
  StoredAsksRequest,
  TrialScore,
} from '../contract/payloads.js';
import type { SearchResult } from '../contract/search-result.js';
import type { SettleSteeringRequest, SteerRequest } from '../contract/steering.js';
import type {
  BaselinesRequest,
  CheckedEvaluation,
  CheckEvaluateRequest,
  EvaluatePlan,
  FinishEvaluateRequest,
  OpenRunRequest,
  PlanEvaluationRequest,
  ResolvedSchedule,
} from '../contract/evaluate-payloads.js';
import type { EvaluateResult, EvaluateSpec } from '../contract/evaluate-spec.js';
import type { CheckedGate, CheckGateRequest, FinishGateRequest } from '../contract/gate-payloads.js';
import type { GateResult } from '../contract/gate-result.js';
import type { FitPlan, KeepFitRequest, PlanFitRequest, StoredFit } from '../contract/fit-payloads.js';
import type { WireSchedule } from '../contract/wire/schedule.js';
import { planEvaluation } from '../planning/evaluation.js';
import { planFit } from '../planning/fit.js';
import { promptPage } from '../planning/prompt-page.js';
import { fitDocument, rowBaseline } from '../planning/schedules.js';
import { checkFirstAsk } from '../planning/check-optimizer.js';
import { planSearch } from '../planning/search.js';
import { checkEvaluate, checkGate, checkSpec, type ModelServed } from './check.js';
import { asActivity } from './failures.js';
import { resolveRows } from './resolve.js';
import { checkPriorEarly, priorNotes, settleOpening } from './settle-opening.js';

/** What the store activities need: the database, and whether the namespace has our search attributes. */
export interface StoreDependencies {
  readonly store: Store;
  readonly path: string;
  readonly searchAttributes: boolean;
  readonly modelServed: ModelServed;
  /** How many workers poll a queue. */
  readonly countWorkers: (queue: string) => Promise<number>;
  /** Address of the live page of a search, or of a table; null if nobody serves it. */
  readonly livePage?: (id: string, kind: 'searches' | 'tables') => string | null;
}

/** Activities of the store queue. */
export function createStoreActivities(dependencies: StoreDependencies) {
  const { store, path, searchAttributes, modelServed, countWorkers, livePage = () => null } = dependencies;
  const guarded = <T>(body: () => T | Promise<T>): Promise<T> =>
    asActivity(async () => {
      try {
        return await body();
      } catch (error) {
        throw (error as { code?: string }).code?.startsWith('SQLITE_') ? asStoreError(error, path) : error;
      }
    });
  return {
    check: (request: CheckRequest): Promise<CheckedSearch> =>
      guarded(async () => {
        await checkSpec(request, modelServed);
        checkPriorEarly(store, request);
        return { searchAttributes, page: livePage(request.searchId, 'searches') };
      }),
    checkEvaluate: (request: CheckEvaluateRequest): Promise<CheckedEvaluation> =>
      asActivity(async () => {
        const page = livePage(request.id ?? '', 'tables');
        return { ...(await checkEvaluate(request, modelServed)), searchAttributes, page };
      }),
    checkGate: (request: CheckGateRequest): Promise<CheckedGate> =>
      asActivity(async () => {
        const settled = await checkGate(request, modelServed);
        return { settled, searchAttributes, page: livePage(request.id, 'tables') };
      }),
    resolveSchedules: (request: { spec: EvaluateSpec }): Promise<ResolvedSchedule[]> =>
      guarded(() => resolveRows(store, request.spec)),
    openRun: (request: OpenRunRequest): Promise<void> => guarded(() => openRun(store, request)),
    closeRun: (request: { id: string; end: RunEnd }): Promise<void> =>
      guarded(() => closeRun(store, request.id, request.end)),
    setRunPaused: ({ id, paused }: { id: string; paused: boolean }): Promise<void> =>
      guarded(() => setRunPaused(store, id, paused)),
    finishEvaluate: (request: FinishEvaluateRequest): Promise<EvaluateResult> =>
      guarded(() => finishEvaluate(store, request)),
    finishGate: (request: FinishGateRequest): Promise<GateResult> => guarded(() => finishGate(store, request)),
    planFit: (request: PlanFitRequest): Promise<FitPlan> =>
      guarded(() => {
        const plan = planFit(request);
        return { ...plan, found: findFit(store, plan) };
      }),
    keepFit: (request: KeepFitRequest): Promise<StoredFit> =>
      guarded(() => {
        const { inputs, description, pipeline, scheduler, fitted, trajectories, texts } = request;
        const document = fitDocument(description, scheduler, pipeline, fitted);
        return { ...addFit(store, { inputs, document, trajectories, texts }), document, trajectories };
      }),
    planSearch: (request: PlanSearchRequest): Promise<SearchPlan> =>
      guarded(async () => {
        const { searchId, spec, quantised, reference, starts } = request;
        const held = heldOpening(store, searchId);
        const planned = planSearch(spec, quantised, reference, starts, held?.k);
        const { plan } = planned;
        const asked = settleOpening(store, { searchId, ...planned.opening }, quantised);
        // Only the store knows whether there is a prior.
        if (asked.opening.prior === null && held === null) checkFirstAsk(spec);
        const opening = openSearch(store, asked);
        const notes = [...plan.notes, ...priorNotes(store, asked, opening, quantised)];
        const workers = await countWorkers(plan.quantised.scoreQueue);
        return { ...plan, notes, opening, searchAttributes, workers, steering: steeringOf(store, searchId) };
      }),
    findLinear: (request: FindLinearRequest): Promise<LinearSolution | null> =>
      guarded(() => findLinear(store, request)),
    planEvaluation: (request: PlanEvaluationRequest): Promise<EvaluatePlan> => guarded(() => planEvaluation(request)),
    baselines: ({ rows }: BaselinesRequest): Promise<WireSchedule[]> =>
      guarded(() => rows.map(({ schedule, coefficients, ptqd }) => rowBaseline({ schedule }, coefficients, ptqd))),
    countWorkers: async ({ queues }: { queues: readonly string[] }): Promise<Record<string, number>> =>
      Object.fromEntries(await Promise.all(queues.map(async (queue) => [queue, await countWorkers(queue)] as const))),
    promptPage: (request: PromptPageRequest): Promise<PromptPage> => guarded(() => promptPage(request)),
    storedAsks: ({ searchId, from, count }: StoredAsksRequest): Promise<AskedTrial[]> =>
      guarded(() => storedAsks(store, searchId, from, count)),
    ask: (request: AskQueueRequest): Promise<AskQueueResult> =>
      guarded(async () => ({ ...askTrials(store, request), workers: await countWorkers(request.scoreQueue) })),
    race: (request: RaceRequest): Promise<RaceQueueResult> =>
      guarded(async () => ({ ...raceTrials(store, request), workers: await countWorkers(request.scoreQueue) })),
    record: (request: RecordRequest): Promise<TrialScore[]> => guarded(() => recordTrials(store, request)),
    gains: (request: StageGainsRequest): Promise<(number | null)[]> => guarded(() => stageGains(store, request)),
    settleK: (request: SettleKRequest): Promise<SettledObjective> => guarded(() => settleK(store, request)),
    constrain: (request: ConstrainRequest): Promise<ConstrainedTrial[]> =>
      guarded(() => constrainTrials(store, request)),
    failureReasons: (request: { searchId: string }): Promise<string[]> =>
      guarded(() => failureReasons(store, request.searchId)),
    steer: (request: SteerRequest): Promise<void> => guarded(() => addSteering(store, request)),
    settleSteering: (request: SettleSteeringRequest): Promise<void> => guarded(() => settleSteering(store, request)),
    setPaused: ({ searchId, paused }: { searchId: string; paused: boolean }): Promise<void> =>
      guarded(() => setPaused(store, searchId, paused)),
    finish: (request: FinishRequest): Promise<SearchResult> => guarded(() => finishSearch(store, request)),
    abandon: (request: { searchId: string; status: 'failed' | 'cancelled'; message: string }): Promise<void> =>
      guarded(() => closeSearch(store, request.searchId, request)),
  };
}
