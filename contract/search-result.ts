/**
 * The progress and the result of a search, with the uncertainty of its gain.
 */
import type { Coefficients } from './coefficients.js';
import type { SettledK } from './opening.js';

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

/** A mean with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The finalist's gain on both networks with the same coefficients, on the same held-out prompts and seeds: what the
 * full-precision network gains as well is tuning of the schedule, the rest repairs quantisation.
 */
export interface RepairSplit {
  readonly scorer: string;
  /** Prompts of which every image has a score on both networks. */
  readonly prompts: number;
  /** Gain of the quantised network, with the wider of its two intervals, as in the verdict. */
  readonly gain: Estimate;
  /** Gain of the full-precision network. */
  readonly full: Estimate;
  /** gain - max(0, full). */
  readonly repair: Estimate;
  /** repair / gain, at most 1. Null unless the interval of the gain is above 0; without an interval where it has no bounds. */
  readonly share: null | { readonly value: number; readonly low: number | null; readonly high: number | null };
}

/**
 * The finalist with two coefficients per step against the linear finalist, on the same held-out prompts and seeds. In its
 * gains `identity` is the mean score of the linear one.
 */
export interface LinearComparison {
  readonly searchId: string;
  readonly coefficients: Coefficients;
  /** What to use of the two: `per-step` if its gain is above 0 in both intervals of every scorer. */
  readonly recommend: 'per-step' | 'linear';
  /** The gain over the linear finalist, the objective's first; empty if fewer than two prompts have every image. */
  readonly scorers: readonly GainInterval[];
}

/** A constraint of the search, held against the finalist's gain on the held-out prompts. */
export interface HeldConstraint {
  /** The score as the spec names it. */
  readonly name: string;
  readonly atLeast: number;
  /** Mean gain over the baseline, positive if better, with the wider of its two 95 % intervals. */
  readonly gain: number;
  readonly low: number;
  readonly high: number;
  /** Whether the mean gain is large enough. */
  readonly kept: boolean;
}

export interface Verdict {
  /** Absent without constraints. */
  readonly constraints?: readonly HeldConstraint[];
  readonly recommend: 'calibrated' | 'identity' | 'none';
  readonly reason: string;
  readonly scorers: readonly GainInterval[];
  /**
   * The finalist's gain in the objective on the calibration images. Like the held-out gain it is the mean of the gains
   * per image. Null if some of them have no score.
   */
  readonly calibrationGain: number | null;
  /** The gains split into repair and tuning; null without a full-precision network to compare with. */
  readonly split: readonly RepairSplit[] | null;
  /** The comparison with the linear finalist; null where there is none. */
  readonly overLinear: LinearComparison | null;
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
  /** Candidates that were dropped in races. */
  readonly raced: number;
  /** Images of the stage that are scored or reused, and all that are known of it; dropped candidates need no further ones. */
  readonly images: { readonly done: number; readonly total: number };
  /**
   * Seconds to the verdict at the pace of the last two minutes, later stages included; null until an image was scored. A
   * full-precision search beside this one is not in it.
   */
  readonly secondsLeft: number | null;
  /** Whether a person holds it. */
  readonly paused?: boolean;
  /** Whether a person has stopped it: what has all its images proceeds to the verdict. */
  readonly stopping?: boolean;
  /** Priority key of what is scored, 1 to 5, if a person set it. */
  readonly priority?: number;
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
  /** `repair`: scores are gain - max(0, gain of full precision). Absent: scores are the objective. */
  readonly goal?: 'repair';
  /** The k that the search settled; absent if its spec gives k. */
  readonly k?: SettledK;
  readonly trials: number;
  readonly evaluations: number;
  readonly reused: number;
  readonly failed: number;
  /** Candidates that were dropped before they were scored on all pairs; absent in results of older versions. */
  readonly raced?: number;
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
    /** Absent without constraints. */
    readonly constraints?: readonly HeldConstraint[];
    /** The finalist's gain on the calibration prompts that chose it; null if it cannot be computed. */
    readonly calibrationGain: number | null;
    /** Selection bias: `calibrationGain` minus `gain`. */
    readonly optimism: number | null;
  };
  /** Of a search with two coefficients per step that started from the linear solution; absent otherwise. */
  readonly linear?: LinearComparison;
  readonly control: null | {
    readonly precision: string;
    /** Score of the baseline by scorer; null if some of its images failed. */
    readonly heldOut: Readonly<Record<string, number | null>>;
    /**
     * The finalist's gain split into repair and tuning, the objective's first. Null if it cannot be computed: the searched
     * network is the full-precision one, or too many of its images failed. Results of older versions lack it.
     */
    readonly repair?: readonly RepairSplit[] | null;
    readonly search: null | {
      readonly best: ScoredCoefficients;
      readonly identity: ScoredCoefficients;
      readonly heldOut: SearchResult['heldOut'];
    };
  };
}
