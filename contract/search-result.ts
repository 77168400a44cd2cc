/**
 * What a search says: how far it is, what it found, and how sure that is.
 */
import type { Coefficients } from './coefficients.js';

/** Interval of a paired mean gain. */
export interface GainInterval {
  readonly scorer: string;
  readonly prompts: number;
  readonly identity: number;
  readonly calibrated: number;
  readonly gain: number;
  readonly percentile: { readonly low: number; readonly high: number };
  readonly studentised: { readonly low: number; readonly high: number };
  readonly probabilityOfGain: number;
}

export interface Verdict {
  readonly recommend: 'calibrated' | 'identity' | 'none';
  readonly reason: string;
  readonly scorers: readonly GainInterval[];
  /**
   * The finalist's gain in the objective on the calibration images, the mean of the images' own gains as the held-out
   * one is; null where they have no scores.
   */
  readonly calibrationGain: number | null;
}

/** A progress snapshot: the workflow's `progress` query and current details. */
export interface SearchProgress {
  readonly status: string;
  readonly stage: string;
  readonly told: number;
  readonly budget: number;
  readonly generation: number;
  readonly best: number | null;
  readonly identity: number | null;
  readonly failed: number;
}

/** One named set of coefficients with its score. */
export interface ScoredCoefficients {
  /** Number of the calibration trial; 0 is the identity. */
  readonly trial: number;
  readonly coefficients: Coefficients;
  readonly score: number;
  readonly terms: { readonly tc: number | null; readonly iq: number | null };
}

/** The workflow's result, and the body of `qsched search --json`. */
export interface SearchResult {
  readonly searchId: string;
  readonly status: 'finished';
  readonly model: string;
  readonly precision: string;
  readonly steps: number;
  readonly optimizer: string;
  readonly trials: number;
  readonly evaluations: number;
  readonly reused: number;
  readonly failed: number;
  readonly best: ScoredCoefficients;
  readonly identity: ScoredCoefficients;
  readonly finalist: Coefficients;
  /** Sentences for the reader, such as prompts whose nouns were guessed. */
  readonly notes: readonly string[];
  readonly heldOut: {
    readonly prompts: number;
    readonly gain: number;
    readonly low: number;
    readonly high: number;
    readonly recommend: Verdict['recommend'];
    readonly reason: string;
    readonly scorers: readonly GainInterval[];
    /** The finalist's gain on the calibration prompts, which chose it; null where it cannot be computed. */
    readonly calibrationGain: number | null;
    /** `calibrationGain` minus `gain`: what of the calibration's gain new prompts and seeds do not show. */
    readonly optimism: number | null;
  };
  readonly control: null | {
    readonly precision: string;
    /** Score of the identity by scorer; null where images of it failed. */
    readonly heldOut: Readonly<Record<string, number | null>>;
    readonly search: null | {
      readonly best: ScoredCoefficients;
      readonly identity: ScoredCoefficients;
      readonly heldOut: SearchResult['heldOut'];
    };
  };
}
