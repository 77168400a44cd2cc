/**
 * What crosses the wire for PTQD and for comparisons of schedules. Plain JSON, small.
 */
import { z } from 'zod';
import type { Coefficients } from './coefficients.js';
import type { JudgedObjective, PromptSplit, ScoreResult } from './payloads.js';
import type { CompleteSchedule, PtqdStepDocument } from './schedule-document.js';
import type { SearchSpec } from './search-spec.js';
import type { WireSchedule } from './wire/schedule.js';

/** How PTQD is fitted; `search` is a SearchSpec: model, precision, scheduler and calibration prompts count. */
export const PtqdInput = z.strictObject({
  search: z.unknown(),
  /** std: std(q) / std(e) - 1. regression: sum((q - e) e) / sum(e^2). */
  gamma: z.enum(['std', 'regression']).default('std'),
  /** One bias per step, or one per channel. */
  bias: z.enum(['step', 'channel']).default('channel'),
});

export type PtqdInput = z.infer<typeof PtqdInput>;

/** Asks for a fit along the full-precision trajectories of a split. */
export interface FitPtqdRequest {
  readonly model: string;
  readonly precision: string;
  readonly reference: string;
  readonly scheduler: SearchSpec['scheduler'];
  /** Scorer -> context id of both networks: what the worker's files must reproduce. */
  readonly contexts: Readonly<Record<string, string>>;
  readonly referenceContexts: Readonly<Record<string, string>>;
  readonly split: PromptSplit;
  readonly gamma: PtqdInput['gamma'];
  readonly bias: PtqdInput['bias'];
}

export interface FitPtqdResult {
  readonly document: CompleteSchedule;
  /** Trajectories that it was fitted on. */
  readonly trajectories: number;
  readonly seconds: number;
}

/** Everything that determines a fit, and nothing else: its key. */
export interface FitInputs {
  readonly gamma: PtqdInput['gamma'];
  readonly bias: PtqdInput['bias'];
  /** `network` hashes of the quantised and the full-precision network (contract/wire/network.ts). */
  readonly network: string;
  readonly reference: string;
  /** The baseline's fused steps. */
  readonly schedule: WireSchedule;
  /** sha256 of the prompt texts, in order. */
  readonly prompts: string;
  readonly seeds: readonly number[];
}

/** The same as 0.1.0 hashed it: contexts of scorers included, which do not determine a fit. */
export interface FitInputs010 {
  readonly gamma: PtqdInput['gamma'];
  readonly bias: PtqdInput['bias'];
  /** Scorer -> context id of both networks, for all scorers of the default spec. */
  readonly contexts: Readonly<Record<string, string>>;
  readonly referenceContexts: Readonly<Record<string, string>>;
  readonly scheduler: SearchSpec['scheduler'];
  readonly prompts: string;
  readonly seeds: readonly number[];
}

/** Asks for a stored fit. */
export interface FindFitRequest {
  readonly inputs: FitInputs;
  /** The inputs as 0.1.0 hashed them, so that its fits are reused; null if they are unknown. */
  readonly older: FitInputs010 | null;
}

/** Asks for a fit to be stored. */
export interface AddFitRequest {
  readonly inputs: FitInputs;
  readonly document: CompleteSchedule;
  readonly trajectories: number;
  /** Texts of the prompts that it was fitted on. */
  readonly texts: readonly string[];
}

/** A fit that is stored, with the id of its schedule. */
export type StoredFit = Pick<FitPtqdResult, 'document' | 'trajectories'> & { readonly id: string };

/** What the `ptqd` workflow returns. */
export interface PtqdResult extends FitPtqdResult {
  /** Of the stored schedule. */
  readonly id: string;
}

/** One schedule of a comparison. */
export interface Variant {
  readonly name: string;
  readonly coefficients: Coefficients;
  readonly ptqd?: readonly PtqdStepDocument[];
}

export interface CompareInput {
  readonly search: unknown;
  readonly variants: readonly Variant[];
}

/** What the `compare` workflow returns: raw terms of every variant on the held-out prompts. */
export interface CompareResult {
  readonly prompts: number;
  readonly seeds: number;
  /** What each scorer judges by, the objective's first. */
  readonly objectives: readonly JudgedObjective[];
  readonly variants: readonly { readonly name: string; readonly result: ScoreResult }[];
}
