/**
 * What crosses the wire between the `evaluate` workflow and its activities. Plain JSON, small:
 * images, terms and features stay in the artefact folder, and are named by their hash.
 */
import type { Coefficients } from './coefficients.js';
import type { EvaluatedRow, EvaluateResult, EvaluateSpec } from './evaluate-spec.js';
import type { PromptSplit } from './payloads.js';
import type { PreparedNetwork } from './prepared-network.js';
import type { PtqdStepDocument } from './schedule-document.js';
import type { SearchSpec } from './search-spec.js';
import type { WirePairScore } from './wire/compare.js';
import type { NetworkDescription } from './wire/describe.js';

export interface CheckEvaluateRequest {
  /** Of the evaluation; absent in requests of earlier builds. */
  readonly id?: string;
  readonly spec: EvaluateSpec;
  /** The spec as the user wrote it. */
  readonly input: unknown;
  /** The user said how long to wait for a worker: a model that nobody serves yet is not a mistake. */
  readonly patient: boolean;
}

/** What was found. */
export interface CheckedEvaluation {
  /** The spec with the defaults of its models; null if a model's files are not here, so that a worker must describe it. */
  readonly spec: EvaluateSpec | null;
  /** Whether the namespace has our search attributes; absent in histories of earlier builds. */
  readonly searchAttributes?: boolean;
  /** Address of its live page; null if nobody serves it. */
  readonly page?: string | null;
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

/** Plans the networks of an evaluation, in their order; several may share the files of one description. */
export interface PlanEvaluationRequest {
  readonly spec: EvaluateSpec;
  readonly descriptions: readonly NetworkDescription[];
  readonly networks: readonly {
    /** Which description. */
    readonly of: number;
    readonly scheduler: SearchSpec['scheduler'];
  }[];
  /** Of a gate: its number of prompts is an upper bound, and its networks may have two numeric classes. */
  readonly gate?: boolean;
  /** Names of pairwise scores; by default those of the spec. */
  readonly pairs?: readonly string[];
}

/** An evaluation's networks and prompts. */
export interface EvaluatePlan {
  readonly networks: readonly PreparedNetwork[];
  readonly split: PromptSplit;
  readonly notes: readonly string[];
  /** Pairwise scores; absent without any. */
  readonly pairScores?: readonly WirePairScore[];
}

/** The baseline of each drawing, PTQD's correction inside. */
export interface BaselinesRequest {
  readonly rows: readonly (Pick<ResolvedSchedule, 'coefficients' | 'ptqd'> & Pick<PreparedNetwork, 'schedule'>)[];
}

/** Shard records of one row, in order. */
export type Records = readonly string[];

export interface SummariseRequest {
  readonly prepared: PreparedNetwork;
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
  /** Pairwise scores against it, with the records of the comparisons; absent where there are none. */
  readonly pairwise?: { readonly scores: readonly string[]; readonly records: Records };
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
  readonly kind: 'evaluate' | 'study' | 'gate';
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
  readonly generated: number;
  readonly reused: number;
  readonly failed: number;
  readonly summarised: number;
  /** Seconds until all images are there, at the pace of the last two minutes; null until one was generated. */
  readonly secondsLeft: number | null;
  /** A person holds it: nothing further is given out. Absent where not. */
  readonly paused?: true;
  /** Priority key of what is rendered; absent where it is that of the workflow. */
  readonly priority?: number;
}
