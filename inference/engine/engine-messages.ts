/**
 * Messages between the activity's thread and the engine's own thread.
 */
import type { FusedSchedule } from '../../diffusion/fused.js';
import type { PtqdFitOptions, PtqdStep } from '../../diffusion/ptqd.js';
import type { RenderResult, SummariseRequest, SummariseResult } from '../../contract/evaluate-payloads.js';
import type { RenderJob } from './render-shard.js';
import type { EngineIdentity } from './engine-identity.js';
import type { Pair } from './scoring-engine.js';

/** A scoring job. */
export interface ScoreJob {
  readonly identity: EngineIdentity;
  readonly schedules: readonly FusedSchedule[];
  /** Pair indices of each schedule. */
  readonly wanted: readonly (readonly number[])[];
  readonly pairs: readonly Pair[];
}

/** Terms of one scorer over one candidate's pairs: pairs x names, NaN where failed. */
export interface ScoreJobResult {
  readonly scorers: readonly string[];
  /** Term names of each scorer. */
  readonly names: readonly (readonly string[])[];
  /** [candidate][scorer] */
  readonly values: Float64Array[][];
  /** [candidate]: failures by position in its pairs, of one scorer where it is named. */
  readonly failed: { at: number; reason: string; scorer?: string }[][];
  readonly seconds: number;
  readonly runtimeSeconds: number;
}

/** A PTQD fit: outputs of both networks along the full-precision trajectories. */
export interface FitJob {
  readonly model: string;
  readonly precision: string;
  readonly reference: string;
  readonly schedule: FusedSchedule;
  readonly pairs: readonly Pair[];
  readonly options: Pick<PtqdFitOptions, 'gamma' | 'bias'>;
}

export interface FitJobResult {
  readonly fits: readonly PtqdStep[];
  readonly seconds: number;
}

/** What the thread does, by name. */
export interface EngineJobs {
  readonly score: { readonly job: ScoreJob; readonly result: ScoreJobResult };
  readonly fit: { readonly job: FitJob; readonly result: FitJobResult };
  readonly render: { readonly job: RenderJob; readonly result: RenderResult };
  readonly summarise: { readonly job: SummariseRequest; readonly result: SummariseResult };
}

/** One job, of any name. */
export type EngineJob = {
  readonly [T in keyof EngineJobs]: { readonly type: T; readonly id: number; readonly job: EngineJobs[T]['job'] };
}[keyof EngineJobs];

export type ToEngine = EngineJob | { readonly type: 'cancel'; readonly id: number };

export type FromEngine =
  | { readonly type: 'progress'; readonly id: number; readonly share: number }
  | { readonly type: 'done'; readonly id: number; readonly result: EngineJobs[keyof EngineJobs]['result'] }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly message: string;
      readonly code: 'usage' | 'failure' | 'unexpected';
      readonly hint: string;
      readonly final: boolean;
    };

/** What the thread is started with. */
export interface EngineThreadData {
  readonly batch: number;
  readonly threads: number;
  readonly provider: string;
  /** The artefact folder, where images are to be kept. */
  readonly artefacts?: string;
}
