/**
 * Jobs of the compute thread, and what it is started with.
 */
import type { SummariseRequest, SummariseResult } from '../contract/evaluate-payloads.js';
import type { CheckBaselineRequest, LookRequest, LookResult } from '../contract/gate-payloads.js';
import type { FoundFolders, ReadFoldersRequest } from '../contract/image-folders.js';
import type { Finalist, JudgeRequest } from '../contract/payloads.js';
import type { Verdict } from '../contract/search-result.js';
import type { OptimizerOptions, OptimizerState, Point } from '../optimizers/optimizer.js';

/** Asks an optimizer for its next points. */
export interface ProposeRequest {
  readonly optimizer: string;
  readonly options: OptimizerOptions;
  readonly state: OptimizerState;
}

/** Asks which candidates of a search its optimizer's model takes for the best. */
export interface RankRequest {
  readonly searchId: string;
  /** Of its optimizer. */
  readonly options: OptimizerOptions;
  /** (Prompt, seed) pairs of the calibration. */
  readonly pairs: number;
  /** Candidates wanted, at least 1. */
  readonly most: number;
}

/** Jobs by name. */
export type ComputeJobs = {
  readonly judge: { readonly job: JudgeRequest; readonly result: Verdict };
  readonly look: { readonly job: LookRequest; readonly result: LookResult };
  readonly checkBaseline: { readonly job: CheckBaselineRequest; readonly result: number };
  readonly readFolders: { readonly job: ReadFoldersRequest; readonly result: FoundFolders };
  readonly summarise: { readonly job: SummariseRequest; readonly result: SummariseResult };
  readonly propose: { readonly job: ProposeRequest; readonly result: readonly Point[] };
  readonly rank: { readonly job: RankRequest; readonly result: readonly Finalist[] };
};

/** What the thread is started with. */
export interface ComputeThreadData {
  readonly databasePath: string;
  /** The artefact folder. */
  readonly artefacts: string;
}
