/**
 * What crosses the wire between the `evaluate` workflow and its activities. Plain JSON, small:
 * images, terms and features stay in the artefact folder, and are named by their hash.
 */
import type { Coefficients } from './coefficients.js';
import type { EvaluatedRow, EvaluateResult, EvaluateSpec } from './evaluate-spec.js';
import type { ObjectivePlan } from './objective-plan.js';
import type { PromptSplit } from './payloads.js';
import type { PtqdStepDocument } from './schedule-document.js';
import type { SearchSpec } from './search-spec.js';

/** Images whose numbers are kept together. Shards are made of whole blocks, so that shards of another size find them. */
export const BLOCK = 100;

/** A network with its scheduler: rows that share it differ in their schedule alone. */
export interface NetworkChoice {
  readonly model: string;
  readonly precision: string;
  readonly scheduler: SearchSpec['scheduler'];
}

export interface CheckEvaluateRequest {
  readonly spec: EvaluateSpec;
  /** The user said how long to wait for a worker: a model that nobody serves yet is not a mistake. */
  readonly patient: boolean;
}

/** The schedule of a row, found. */
export interface ResolvedSchedule {
  readonly coefficients: Coefficients;
  /** PTQD's correction, one per step. */
  readonly ptqd?: readonly PtqdStepDocument[];
  /** What it came from: a search's id, a schedule's id, or null. */
  readonly source: string | null;
  /** How many of the evaluation's prompts the search behind it chose by; absent where none. */
  readonly seen?: number;
}

export interface PrepareEvaluateRequest extends NetworkChoice {
  readonly objective: EvaluateSpec['objective'];
  readonly scorers: readonly string[];
  readonly features: string | null;
  readonly prompts: EvaluateSpec['prompts'];
}

/** A scorer as the workers must have it. */
export interface PreparedScorer {
  readonly role: string;
  /** The folder's own name. */
  readonly name: string;
  readonly kind: string;
  /** Raw terms; empty where it has features alone. */
  readonly names: readonly string[];
  /** sha256 of everything that decides its numbers. */
  readonly fingerprint: string;
}

/** A network that a worker has prepared. */
export interface PreparedNetwork extends NetworkChoice {
  readonly scoreQueue: string;
  /** sha256 of model files, precision and numeric class: with the fused schedule, prompt and seed it decides an image. */
  readonly network: string;
  /** The numeric class in words: rows of two are no table. */
  readonly numeric: string;
  /** Sentences for the reader about the scorers. */
  readonly notes: readonly string[];
  readonly scorers: readonly PreparedScorer[];
  /** The scorer whose features carry distances. */
  readonly features: PreparedScorer | null;
  readonly objective: ObjectivePlan;
  /** The scorer that the spec names beside it: a gain in the objective bears its name. */
  readonly objectiveScorer: string;
  /** What scorers outside the objective judge by. */
  readonly outside: readonly { readonly scorer: string; readonly plan: ObjectivePlan }[];
  readonly prompts: PromptSplit;
}

/** Asks for the images from pair `from` up to but not including `to`; pair = prompt * seeds + seed's index. */
export interface RenderRequest {
  readonly prepared: Pick<PreparedNetwork, 'model' | 'precision' | 'scheduler' | 'network' | 'scorers' | 'features'>;
  readonly schedule: Pick<ResolvedSchedule, 'coefficients' | 'ptqd'>;
  /** Of a set: all of it, by reference. Of the spec's own texts: those of this shard alone, counted from there. */
  readonly split: PromptSplit;
  readonly from: number;
  readonly to: number;
  /** Make again what is kept as a failure. */
  readonly retryFailed: boolean;
}

export interface RenderResult {
  /** Hash of the shard's record in the artefact folder. */
  readonly record: string;
  readonly drawn: number;
  readonly reused: number;
  /** Failures by reason, the first few. */
  readonly failed: readonly { readonly reason: string; readonly count: number }[];
  /** Objects whose bytes did not fit their hash: removed and made again. */
  readonly damaged: number;
  readonly seconds: number;
}

/** Shard records of one row, in order. */
export type Records = readonly string[];

export interface SummariseRequest {
  readonly prepared: Omit<PreparedNetwork, 'prompts'>;
  readonly schedule: ResolvedSchedule;
  /** What the table calls the schedule. */
  readonly label: string;
  readonly promptCount: number;
  readonly seedCount: number;
  readonly records: Records;
  /** The identity of the same network and scheduler; null for that row itself, or where there is none. */
  readonly identity: Records | null;
  /** The full-precision identity with the same scheduler; null where the table has none. */
  readonly full: Records | null;
}

export interface SummariseResult {
  readonly row: EvaluatedRow;
  /** The largest one-sided p-value of a gain over all scorers; null where nothing is compared. */
  readonly pValue: number | null;
  readonly warnings: readonly string[];
  /** Records that are gone from the folder, or parts of them; their shards must be made again. */
  readonly missing: Records;
}

/** One stored run. */
export interface OpenRunRequest {
  readonly id: string;
  readonly kind: 'evaluate' | 'study';
  readonly name: string;
  readonly spec: unknown;
}

/** Everything of the result but what the store adds: Holm's correction and the time. */
export interface FinishEvaluateRequest {
  readonly result: Omit<EvaluateResult, 'seconds'>;
  /** One a row. */
  readonly pValues: readonly (number | null)[];
}

/** Where an evaluation is: the workflow's `progress` query. */
export interface EvaluateProgress {
  readonly status: 'running' | 'finished';
  readonly stage: 'prepare' | 'render' | 'summarise' | 'finished';
  readonly rows: number;
  readonly images: number;
  readonly done: number;
  readonly drawn: number;
  readonly reused: number;
  readonly failed: number;
  readonly summarised: number;
}
