/**
 * What crosses the wire for fits: PTQD, and least-squares matching. Plain JSON, small.
 */
import { z } from 'zod';
import type { PipelineChoice } from './pipeline-choice.js';
import type { PromptSplit } from './payloads.js';
import type { PreparedNetwork } from './prepared-network.js';
import type { CompleteSchedule, MatchedStep, PtqdStepDocument } from './schedule-document.js';
import type { SearchSpec } from './search-spec.js';
import type { NetworkDescription } from './wire/describe.js';
import type { WireSchedule } from './wire/schedule.js';

/** How PTQD is fitted. Of `search`, a SearchSpec, only model, precision, scheduler and calibration prompts are used. */
export const PtqdInput = z.strictObject({
  search: z.unknown(),
  /** std: std(q) / std(e) - 1. regression: sum((q - e) e) / sum(e^2). */
  gamma: z.enum(['std', 'regression']).default('std'),
  /** One bias per step, or one per channel. */
  bias: z.enum(['step', 'channel']).default('channel'),
});

export type PtqdInput = z.infer<typeof PtqdInput>;

/** Of `search`, a SearchSpec, a least-squares match uses the same as PTQD. */
export const MatchInput = z.strictObject({ search: z.unknown() });

/** How PTQD is fitted. */
export type PtqdChoice = Pick<PtqdInput, 'gamma' | 'bias'>;

/** A method of fitting, with its options. */
export type FitChoice = ({ readonly method: 'ptqd' } & PtqdChoice) | { readonly method: 'match' };

/** What a fit found, one entry per step. */
export type Fitted =
  | { readonly method: 'ptqd'; readonly steps: readonly PtqdStepDocument[] }
  | { readonly method: 'match'; readonly steps: readonly MatchedStep[] };

/** Plans a fit: both networks, the prompts, and what determines the fit. */
export interface PlanFitRequest {
  readonly spec: SearchSpec;
  readonly choice: FitChoice;
  readonly quantised: NetworkDescription;
  readonly reference: NetworkDescription;
}

/** A planned fit. */
export interface FitPlan extends FindFitRequest {
  readonly quantised: PreparedNetwork;
  readonly reference: PreparedNetwork;
  readonly split: PromptSplit;
  /** Texts of the prompts, in order. */
  readonly texts: readonly string[];
  /** The fit, if it is stored. */
  readonly found: StoredFit | null;
}

/** Everything that determines a fit, and nothing else: its key. */
export type FitInputs = (PtqdChoice | { readonly method: 'match' }) & {
  /** `network` hashes of the quantised and the full-precision network (contract/wire/network.ts). */
  readonly network: string;
  readonly reference: string;
  /** The baseline's fused steps. */
  readonly schedule: WireSchedule;
  /** sha256 of the prompt texts, in order. */
  readonly prompts: string;
  readonly seeds: readonly number[];
};

/** PTQD's inputs as 0.1.0 hashed them: contexts of scorers included, which do not determine a fit. */
export interface FitInputs010 extends PtqdChoice {
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
  /** The inputs as 0.1.0 hashed them, so that its fits are reused; null if it had no such fit. */
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

/** A fit as the worker made it, for the store to make a document of. */
export interface KeepFitRequest {
  readonly inputs: FitInputs;
  readonly description: Pick<
    NetworkDescription,
    'model' | 'precision' | 'pipeline' | 'schedulerConfig' | 'modelIndex' | 'latentShape'
  >;
  /** How the model was run, where that is not its own way. */
  readonly pipeline: PipelineChoice;
  readonly scheduler: SearchSpec['scheduler'];
  readonly fitted: Fitted;
  readonly trajectories: number;
  readonly texts: readonly string[];
}

/** A fit that is stored, with the id of its schedule. */
export interface StoredFit {
  readonly id: string;
  readonly document: CompleteSchedule;
  /** Trajectories that it was fitted on. */
  readonly trajectories: number;
}

/** What the workflows `ptqd` and `match` return. */
export interface FitResult extends StoredFit {
  /** 0 if the fit was stored before. */
  readonly seconds: number;
}
