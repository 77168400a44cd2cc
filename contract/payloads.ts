/**
 * What crosses the wire between the workflow and its activities. Plain JSON, small.
 */
import type { Coefficients } from './coefficients.js';
import type { Constraint } from './constraint.js';
import type { ObjectivePlan } from './objective-plan.js';
import type { Opening, SettledK } from './opening.js';
import type { ScoredCoefficients, SearchResult } from './search-result.js';
import type { JudgedObjective, PreparedNetwork } from './prepared-network.js';
import type { SearchSpec } from './search-spec.js';
import type { StoredSteering } from './steering.js';
import type { NetworkDescription } from './wire/describe.js';
import type { WirePrompt } from './wire/network.js';

/** The three disjoint prompt splits of a search. */
export type Stage = 'calibration' | 'select' | 'confirm';

/** Prompts by reference: a named set whose content hash the worker checks, or texts of the spec. */
export interface PromptSplit {
  readonly set: string | null;
  readonly texts: readonly string[] | null;
  readonly count: number;
  /** Prompts at the beginning of the set that are left out; none if it is absent. */
  readonly skip?: number;
  /** sha256 of the texts used, in order. */
  readonly sha256: string;
  /** sha256 of the nouns that the set names, text by text; null where it names none. */
  readonly nounsSha256: string | null;
  readonly seeds: readonly number[];
}

/** Provenance of one context, stored once. */
export interface ContextRecord {
  readonly id: string;
  readonly model: string;
  readonly precision: string;
  readonly scorer: string;
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** A spec to look at before a worker is waited for. */
export interface CheckRequest {
  readonly searchId: string;
  readonly spec: SearchSpec;
  /** The spec as the user wrote it. */
  readonly input: unknown;
  /** The user said how long to wait for a worker: a model that nobody serves yet is then not a mistake. */
  readonly patient: boolean;
}

/** What a workflow learns of its surroundings when its spec is checked. */
export interface CheckedSearch {
  /** Whether the namespace has our search attributes. */
  readonly searchAttributes: boolean;
  /** Address of its live page; null if nobody serves it. */
  readonly page: string | null;
}

/** Plans a search and opens it in the store. */
export interface PlanSearchRequest {
  readonly searchId: string;
  readonly spec: SearchSpec;
  readonly quantised: NetworkDescription;
  /** The full-precision network, if a control was asked for. */
  readonly reference: NetworkDescription | null;
  /** What the search starts from, once it is known. */
  readonly starts?: Starts;
}

/** The finalist of a linear search. */
export interface LinearSolution {
  readonly searchId: string;
  readonly coefficients: Coefficients;
}

/** What was found out before the candidates of a search. */
export interface Starts {
  readonly linear: LinearSolution | null;
  /** The coefficients of a least-squares match, and its schedule. */
  readonly match: { readonly scheduleId: string; readonly coefficients: Coefficients } | null;
}

/** Asks for the linear solution of a search with coefficients per step. */
export interface FindLinearRequest {
  readonly searchId: string;
  readonly spec: SearchSpec;
}

/** A search that is open. */
export interface SearchPlan {
  readonly quantised: PreparedNetwork;
  /** The full-precision network, if a control was asked for. */
  readonly reference: PreparedNetwork | null;
  /** What the best candidate must keep. */
  readonly constraints: readonly Constraint[];
  readonly splits: Readonly<Record<Stage, PromptSplit>>;
  /** Sentences for the reader. */
  readonly notes: readonly string[];
  /** Of what the search starts from. */
  readonly startNotes: readonly string[];
  /** Whether both networks fit in memory: the control then runs beside the search. */
  readonly together: boolean;
  /** Whether the namespace has our search attributes. */
  readonly searchAttributes: boolean;
  /** Workers that poll the score queue. */
  readonly workers: number;
  /** What was settled when the search was opened first. */
  readonly opening: Opening;
  /** What was changed about it while it ran; absent in histories of earlier builds. */
  readonly steering?: StoredSteering;
}

/** Asks for the prompts of a split, from number `from` on: as many as fit in one payload. */
export interface PromptPageRequest {
  readonly split: PromptSplit;
  readonly from: number;
}

export interface PromptPage {
  readonly prompts: readonly WirePrompt[];
}

/** Nouns of prompts, in their order. */
export type PromptNouns = readonly (readonly string[] | null)[];

/** The rows of a search that is opened. */
export interface OpenRequest {
  readonly searchId: string;
  readonly spec: SearchSpec;
  /** What is settled if it was not opened before. */
  readonly opening: Opening;
  readonly objective: ObjectivePlan;
  readonly contexts: readonly ContextRecord[];
  readonly splits: Readonly<Record<Stage, PromptSplit>>;
  readonly texts: Readonly<Record<Stage, readonly string[]>>;
  /** The nouns of each text (null: a tagger finds them), if a scorer reads nouns; else null. */
  readonly nouns: Readonly<Record<Stage, PromptNouns>> | null;
}

/** A candidate that was asked for. */
export interface AskedTrial {
  readonly index: number;
  readonly point: readonly number[];
  readonly coefficients: Coefficients;
}

/**
 * Which network a batch of a search for repair runs on: first the full-precision one, which completes no trial, then the
 * quantised one, whose trials are then scored beside the contexts of the first.
 */
export type RepairPart =
  { readonly network: 'full' } | { readonly network: 'quantised'; readonly full: Readonly<Record<string, string>> };

/** Identifies one batch of trials in the store. */
export interface BatchReference {
  readonly searchId: string;
  readonly stage: Stage | 'control';
  /** Scorer name -> context id. */
  readonly contexts: Readonly<Record<string, string>>;
  /** Which split's prompts, and which seeds. */
  readonly split: Stage;
  readonly seeds: readonly number[];
  readonly objective: ObjectivePlan;
  /** Absent where the score is the objective itself. */
  readonly repair?: RepairPart;
}

export interface AskRequest extends BatchReference {
  readonly trials: readonly AskedTrial[];
  readonly retryFailed: boolean;
  /** Only the first so many pairs in the order of a race, which completes no trial; all of them if it is absent. */
  readonly upTo?: number;
}

/** A question to the store that also counts the workers of a queue. */
export interface AskQueueRequest extends AskRequest {
  readonly scoreQueue: string;
}

/** Stored asks from trial number `from` on, of at most `count` trials. */
export interface StoredAsksRequest {
  readonly searchId: string;
  readonly from: number;
  readonly count: number;
}

/** A trial as the store has it: the stored coefficients win over what was asked. */
export interface OpenTrial {
  readonly index: number;
  readonly coefficients: Coefficients;
  /** Evaluations to make, as prompt * seeds + seed indices; null means all of them. */
  readonly missing: readonly number[] | null;
}

export interface AskResult {
  /** Trials with missing evaluations, in ask order. */
  readonly open: readonly OpenTrial[];
  /** Scores in ask order; null while open, or failed. */
  readonly scores: readonly (number | null)[];
  /** Trials that keep stored coefficients which differ from what was asked by rounding alone. */
  readonly kept: readonly Pick<AskedTrial, 'index' | 'coefficients'>[];
}

/** The same, with the number of workers that poll the score queue. */
export interface AskQueueResult extends AskResult {
  readonly workers: number;
}

/** A comparison of the candidates that are still in a race, and a question for their next pairs. */
export interface RaceRequest extends Omit<AskQueueRequest, 'upTo'> {
  /** Candidates that have all their pairs, the best first: what the others are compared with. */
  readonly rivals: readonly { readonly coefficients: Coefficients; readonly score: number }[];
  /** Pairs that are scored, in the order of the race; 0 at its start, where nobody is dropped. */
  readonly reached: number;
  /** Pairs of the first block, and rows of a network call. */
  readonly block: number;
  readonly batch: number;
  /** One-sided level over all comparisons. */
  readonly alpha: number;
  /** Whether the race ends here: everybody is dropped. */
  readonly end?: true;
}

/** A candidate that may be the finalist. */
export interface Finalist {
  readonly index: number;
  readonly coefficients: Coefficients;
  /** On the calibration pairs. */
  readonly score: number;
  /** Share of those pairs that the score rests on; below 1 for one that a race dropped. */
  readonly share: number;
}

/** A candidate that left a race. */
export interface DroppedTrial {
  readonly index: number;
  /** Estimated from the pairs that it has; null if one of its images failed. */
  readonly score: number | null;
  readonly pairs: number;
}

export interface RaceResult extends AskResult {
  readonly dropped: readonly DroppedTrial[];
  /** Pairs that those who are left have once what is open is scored. */
  readonly upTo: number;
}

/** The same, with the number of workers that poll the score queue. */
export interface RaceQueueResult extends RaceResult {
  readonly workers: number;
}

/** Terms of one scorer over a trial's evaluations. */
export interface ScorerTerms {
  readonly scorer: string;
  /** float64 little-endian, base64: evaluations x the scorer's names. */
  readonly values: string;
}

/** What a worker spent on a trial: its share of the piece that the trial was scored in. */
export interface TrialWork {
  /** Process and host. */
  readonly worker: string;
  readonly seconds: number;
  /** Of those, seconds inside ONNX Runtime. */
  readonly runtimeSeconds: number;
  /** Rows that the denoiser computed, without and with padding. */
  readonly denoiserRows: number;
  readonly paddedRows: number;
}

export interface ScoredTrial {
  readonly index: number;
  readonly coefficients: Coefficients;
  /** Which evaluations, as in OpenTrial. */
  readonly evaluations: readonly number[];
  readonly scorers: readonly ScorerTerms[];
  /** Evaluations (positions in `evaluations`) that failed for good, with the reason; for one scorer alone where it is named. */
  readonly failed: readonly { readonly at: number; readonly reason: string; readonly scorer?: string }[];
  /** Stored with the trial. */
  readonly work?: TrialWork;
  /** Artefact of each evaluation's image; null if it has none. Absent if images are not kept. */
  readonly images?: readonly (string | null)[];
}

export interface RecordRequest extends BatchReference {
  /** The names of each scorer's terms, by role. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly trials: readonly ScoredTrial[];
  /** Whether the trials are still in a race: no trial is completed. */
  readonly racing?: boolean;
}

/** Settles the k of a search on its first candidates. */
export interface SettleKRequest {
  readonly searchId: string;
  /** Their number: trials 1, 2, ... */
  readonly candidates: number;
  /** The objective's plan first, then those that a verdict judges by. */
  readonly plans: readonly ObjectivePlan[];
}

/** A settled k, and what follows from it. */
export interface SettledObjective {
  readonly opening: Opening & { readonly k: SettledK };
  /** The plans with this k, in their order. */
  readonly plans: readonly ObjectivePlan[];
  /** Of the baseline; null if it failed. */
  readonly identityScore: number | null;
  /** Of the candidates, in the order in which they were asked; null where failed. */
  readonly scores: readonly (number | null)[];
}

/** Holds scored trials against the constraints of their search. */
export interface ConstrainRequest extends BatchReference {
  readonly constraints: readonly Constraint[];
  /** Numbers of trials of the stage, whose trial 0 is the baseline. */
  readonly trials: readonly number[];
}

/** A trial, held against the constraints. */
export interface ConstrainedTrial {
  /** Whether it keeps all of them. A trial without a score keeps none. */
  readonly keeps: boolean;
  /** The score that an optimizer is told: less than the trial's own by what it misses; null without a score. */
  readonly told: number | null;
}

/** What the store knows of trials after a record: score, or null where failed. */
export interface TrialScore {
  readonly index: number;
  /** Whether its last evaluation is stored; a failed trial is complete and has no score. */
  readonly complete: boolean;
  readonly score: number | null;
  readonly tc: number | null;
  readonly iq: number | null;
}

/** Asks what the trials 1 to `count` of a stage gain over its trial 0 in the objective. */
export interface StageGainsRequest {
  readonly searchId: string;
  readonly stage: Stage;
  readonly objective: ObjectivePlan;
  readonly count: number;
}

/** Asks for the verdict: identity is trial 0, the finalist trial 1 of the confirm stage. */
export interface JudgeRequest {
  readonly searchId: string;
  readonly contexts: Readonly<Record<string, string>>;
  /** Those of the full-precision network, if it scored the same candidates. */
  readonly full?: Readonly<Record<string, string>> | null;
  /** The linear finalist that was confirmed too, as trial 2. */
  readonly linear?: LinearSolution | null;
  readonly seeds: readonly number[];
  /** What is judged by, under the name that the verdict calls it: the search's own objective first. */
  readonly objectives: readonly JudgedObjective[];
  /** What the finalist must keep to be recommended. */
  readonly constraints?: readonly Constraint[];
  /** Why the finalist is the baseline itself: no candidate is left. */
  readonly unmet?: string;
}

/** Everything of the result but what the store counts. */
export interface FinishRequest {
  readonly result: Omit<SearchResult, 'evaluations' | 'reused' | 'best' | 'identity'> & {
    readonly best: Omit<ScoredCoefficients, 'terms'>;
    readonly identity: Omit<ScoredCoefficients, 'terms'>;
  };
  /** How the verdict was judged: the scores per held-out prompt are stored beside it. */
  readonly judged?: Omit<JudgeRequest, 'searchId'>;
}
