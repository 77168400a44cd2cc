/**
 * Activities of the store queue: the one writer. Each is safe to repeat.
 */
import { asStoreError, type Store } from '../db/open-store.js';
import { failureReasons } from '../db/failures.js';
import { addFit, findFit } from '../db/fits.js';
import { closeRun, finishEvaluate, openRun, type RunEnd } from '../db/runs.js';
import { closeSearch, openSearch } from '../db/searches.js';
import { askTrials, recordTrials } from '../db/trials.js';
import { finishSearch } from '../db/finish.js';
import { judge } from '../db/judge.js';
import type {
  AskRequest,
  AskResult,
  CheckRequest,
  FinishRequest,
  JudgeRequest,
  OpenRequest,
  OpenResult,
  RecordRequest,
  TrialScore,
} from '../contract/payloads.js';
import type { SearchResult, Verdict } from '../contract/search-result.js';
import type {
  CheckEvaluateRequest,
  FinishEvaluateRequest,
  OpenRunRequest,
  ResolvedSchedule,
} from '../contract/evaluate-payloads.js';
import type { EvaluateResult, EvaluateSpec } from '../contract/evaluate-spec.js';
import type { AddFitRequest, StoredFit } from '../contract/study-payloads.js';
import { checkEvaluate, checkSpec, type ModelServed } from './check.js';
import { asActivity } from './failures.js';
import { resolveRows } from './resolve.js';

/** What the store activities need: the database, and whether the namespace has our search attributes. */
export interface StoreDependencies {
  readonly store: Store;
  readonly path: string;
  readonly searchAttributes: boolean;
  readonly modelServed: ModelServed;
}

/** Activities of the store queue. */
export function createStoreActivities({ store, path, searchAttributes, modelServed }: StoreDependencies) {
  const guarded = <T>(body: () => T): Promise<T> =>
    asActivity(() => {
      try {
        return body();
      } catch (error) {
        throw (error as { code?: string }).code?.startsWith('SQLITE_') ? asStoreError(error, path) : error;
      }
    });
  return {
    check: (request: CheckRequest): Promise<void> => asActivity(() => checkSpec(request, modelServed)),
    checkEvaluate: (request: CheckEvaluateRequest): Promise<void> =>
      asActivity(() => checkEvaluate(request, modelServed)),
    resolveSchedules: (request: { spec: EvaluateSpec }): Promise<ResolvedSchedule[]> =>
      guarded(() => resolveRows(store, request.spec)),
    openRun: (request: OpenRunRequest): Promise<void> => guarded(() => openRun(store, request)),
    closeRun: (request: { id: string; end: RunEnd }): Promise<void> =>
      guarded(() => closeRun(store, request.id, request.end)),
    finishEvaluate: (request: FinishEvaluateRequest): Promise<EvaluateResult> =>
      guarded(() => finishEvaluate(store, request)),
    findFit: (request: { inputs: unknown }): Promise<StoredFit | null> => guarded(() => findFit(store, request.inputs)),
    addFit: (request: AddFitRequest): Promise<{ id: string }> => guarded(() => addFit(store, request)),
    open: (request: OpenRequest): Promise<OpenResult> =>
      guarded(() => {
        openSearch(store, request);
        return { searchAttributes };
      }),
    ask: (request: AskRequest): Promise<AskResult> => guarded(() => askTrials(store, request)),
    record: (request: RecordRequest): Promise<TrialScore[]> => guarded(() => recordTrials(store, request)),
    judge: (request: JudgeRequest): Promise<Verdict> => guarded(() => judge(store, request)),
    failureReasons: (request: { searchId: string }): Promise<string[]> =>
      guarded(() => failureReasons(store, request.searchId)),
    finish: (request: FinishRequest): Promise<SearchResult> => guarded(() => finishSearch(store, request)),
    abandon: (request: { searchId: string; status: 'failed' | 'cancelled'; message: string }): Promise<void> =>
      guarded(() => closeSearch(store, request.searchId, request)),
  };
}
