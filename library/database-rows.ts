/**
 * What a database is read as: one type per view, in camel case, with JSON lists as arrays. Columns that can be absent are
 * null. The same columns, in snake case, are documented in docs/database.md.
 */
/** Where a trial was scored: on the calibration, selection or held-out prompts, or with the full-precision control. */
export type TrialStage = 'calibration' | 'select' | 'confirm' | 'control';

/** A search at a glance (view `searches_overview`). Counts include the baseline; `gain` is held out, in the objective. */
export interface SearchRow {
  readonly searchId: string;
  readonly status: 'running' | 'paused' | 'finished' | 'failed' | 'cancelled';
  readonly stage: TrialStage | null;
  readonly model: string;
  readonly precision: string;
  readonly scheduler: string;
  readonly steps: number;
  readonly optimizer: string;
  /** Candidates besides the baseline. */
  readonly budget: number;
  readonly asked: number;
  readonly scored: number;
  readonly failed: number;
  readonly raced: number;
  /** Best and baseline's mean calibration score. */
  readonly best: number | null;
  readonly identity: number | null;
  readonly gain: number | null;
  readonly gainLow: number | null;
  readonly gainHigh: number | null;
  readonly verdict: 'calibrated' | 'identity' | 'none' | null;
  /** From the start to the last change. */
  readonly seconds: number;
  readonly workerSeconds: number | null;
  /** Why it failed or was cancelled. */
  readonly message: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/**
 * What a search found (view `best_coefficients`). `sample` and `noise` are c^x and c^eps, one number per step, as the
 * verdict recommends them: all 1 if it recommends the baseline, null without a verdict.
 */
export interface BestRow {
  readonly searchId: string;
  readonly date: string;
  readonly status: SearchRow['status'];
  readonly model: string;
  readonly precision: string;
  readonly scheduler: string;
  readonly steps: number;
  readonly eta: number;
  readonly objective: string;
  readonly k: number | null;
  readonly rangeLow: number;
  readonly rangeHigh: number;
  readonly optimizer: string;
  readonly verdict: SearchRow['verdict'];
  readonly reason: string | null;
  readonly sample: readonly number[] | null;
  readonly noise: readonly number[] | null;
  readonly heldOutGain: number | null;
  readonly heldOutLow: number | null;
  readonly heldOutHigh: number | null;
  /** The best calibration trial, whose score is biased upwards. */
  readonly searchedSample: readonly number[];
  readonly searchedNoise: readonly number[];
  readonly searchedScore: number;
  readonly searchedTc: number | null;
  readonly searchedIq: number | null;
  /** `searchedScore` minus `identityScore`. */
  readonly searchedGain: number | null;
  readonly identityScore: number | null;
}

/** A trial (view `trial_history`); 0 is the baseline. */
export interface TrialRow {
  readonly searchId: string;
  readonly stage: TrialStage;
  readonly number: number;
  readonly sample: readonly number[];
  readonly noise: readonly number[];
  /** `raced`: dropped before it was scored on all pairs; its score is an estimate from `pairs` of them. */
  readonly status: 'asked' | 'ok' | 'failed' | 'raced';
  readonly score: number | null;
  readonly tc: number | null;
  readonly iq: number | null;
  readonly pairs: number | null;
  readonly bestSoFar: number | null;
}

/** The scores of one held-out prompt by one scorer (view `prompt_gains`), means over its seeds. */
export interface PromptGainRow {
  readonly searchId: string;
  readonly scorer: string;
  readonly position: number;
  readonly prompt: string;
  readonly baseline: number;
  readonly finalist: number;
  /** `finalist` minus `baseline`. */
  readonly gain: number;
}
