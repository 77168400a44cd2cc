/**
 * The progress and the result of a search, with the uncertainty of its gain.
 */
import type { Coefficients } from './coefficients.js';

/** A mean gain over the baseline, paired by prompt and seed, with its 95 % intervals. */
export interface GainInterval {
  readonly scorer: string;
  readonly prompts: number;
  /** Mean score of the baseline. */
  readonly identity: number;
  readonly calibrated: number;
  readonly gain: number;
  /** The wider of the two intervals below, end by end: verdicts and tables use it. */
  readonly low: number;
  readonly high: number;
  readonly percentile: { readonly low: number; readonly high: number };
  readonly studentised: { readonly low: number; readonly high: number };
  readonly probabilityOfGain: number;
}

export interface Verdict {
  readonly recommend: 'calibrated' | 'identity' | 'none';
  readonly reason: string;
  readonly scorers: readonly GainInterval[];
  /**
   * The finalist's gain in the objective on the calibration images. Like the held-out gain it is the mean of the gains
   * per image. Null if some of them have no score.
   */
  readonly calibrationGain: number | null;
}

/** A snapshot of the progress: the answer to the workflow's `progress` query. */
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
  /** Number of the calibration trial; 0 is the baseline. */
  readonly trial: number;
  readonly coefficients: Coefficients;
  readonly score: number;
  readonly terms: { readonly tc: number | null; readonly iq: number | null };
}

/** The result of the workflow, and the body of `qsched search --json`. */
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
  /** Remarks for the reader, such as prompts whose nouns were guessed. */
  readonly notes: readonly string[];
  readonly heldOut: {
    readonly prompts: number;
    /** The gain in the objective, with the `low` and `high` of its GainInterval. */
    readonly gain: number;
    readonly low: number;
    readonly high: number;
    readonly recommend: Verdict['recommend'];
    readonly reason: string;
    readonly scorers: readonly GainInterval[];
    /** The finalist's gain on the calibration prompts that chose it; null if it cannot be computed. */
    readonly calibrationGain: number | null;
    /** Selection bias: `calibrationGain` minus `gain`. */
    readonly optimism: number | null;
  };
  readonly control: null | {
    readonly precision: string;
    /** Score of the baseline by scorer; null if some of its images failed. */
    readonly heldOut: Readonly<Record<string, number | null>>;
    readonly search: null | {
      readonly best: ScoredCoefficients;
      readonly identity: ScoredCoefficients;
      readonly heldOut: SearchResult['heldOut'];
    };
  };
}
