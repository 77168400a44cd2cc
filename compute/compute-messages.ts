/**
 * Jobs of the compute thread, and what it is started with.
 */
import type { SummariseRequest, SummariseResult } from '../contract/evaluate-payloads.js';
import type { JudgeRequest } from '../contract/payloads.js';
import type { Verdict } from '../contract/search-result.js';
import type { OptimizerOptions, OptimizerState, Point } from '../optimizers/optimizer.js';

/** Asks an optimizer for its next points. */
export interface ProposeRequest {
  readonly optimizer: string;
  readonly options: OptimizerOptions;
  readonly state: OptimizerState;
}

/** Jobs by name. */
export type ComputeJobs = {
  readonly judge: { readonly job: JudgeRequest; readonly result: Verdict };
  readonly summarise: { readonly job: SummariseRequest; readonly result: SummariseResult };
  readonly propose: { readonly job: ProposeRequest; readonly result: readonly Point[] };
};

/** What the thread is started with. */
export interface ComputeThreadData {
  readonly databasePath: string;
  /** The artefact folder. */
  readonly artefacts: string;
}
