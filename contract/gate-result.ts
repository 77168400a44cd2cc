/**
 * What a gate found: the verdict, its scores with bounds and margins, and the worst prompts.
 */
import type { GateSpec } from './gate-spec.js';

export type GateVerdict = 'passed' | 'failed' | 'undecided';

/** One score of a gate. */
export interface GateScore {
  /** As the spec calls it. */
  readonly name: string;
  /** Of one image, candidate minus reference of the same prompt and seed; or of two, the score itself. */
  readonly kind: 'pointwise' | 'pairwise';
  readonly better: 'higher' | 'lower';
  /** Means of both sides; null for a pairwise score. */
  readonly reference: number | null;
  readonly candidate: number | null;
  /** Mean over prompts of the difference, or of the score of two images. */
  readonly estimate: number;
  /** One-sided bounds at the levels of this look, in the units of `estimate`; null where it tests nothing. */
  readonly low: number | null;
  readonly high: number | null;
  /** Pointwise: the largest loss that passes. Pairwise: the limit that the score itself must keep. */
  readonly margin: number;
  /** Standard deviation of the reference between seeds of a prompt; null where it was not measured. */
  readonly spread: number | null;
  /** Pairwise: the score of the reference against itself, same prompts and seeds; null where it was not measured. */
  readonly repeat: number | null;
  readonly state: 'passed' | 'failed' | 'open';
  /** Prompts with which it would be decided if it went on like this; null beyond a million. */
  readonly promptsNeeded: number | null;
}

/** A prompt on which the candidate lost most. */
export interface WorstPrompt {
  readonly score: string;
  /** Its place among the prompts. */
  readonly prompt: number;
  readonly text: string;
  readonly seed: number;
  /** Candidate minus reference, or the pairwise score. */
  readonly value: number;
  /** Artefacts of both images; null where there is none. */
  readonly reference: string | null;
  readonly candidate: string | null;
}

/** One look at the scores. */
export interface GateLook {
  readonly prompts: number;
  readonly verdict: GateVerdict | 'continue';
}

/** A side, as tables and texts call it. */
export interface GateSideFound {
  readonly name: string;
  /** What its images follow from: files, precision, pipeline, schedule; of a folder, its images. */
  readonly key: string;
  /** Artefacts with the records of its images, in order. */
  readonly records: readonly string[];
}

/** What the `gate` workflow returns, and the body of `qsched gate --json`. */
export interface GateResult {
  readonly gateId: string;
  readonly verdict: GateVerdict;
  /** The verdict as a sentence. */
  readonly reason: string;
  readonly reference: GateSideFound;
  readonly candidate: GateSideFound;
  readonly scores: readonly GateScore[];
  readonly prompts: {
    readonly set: string | null;
    /** Prompts that were looked at, and the most that there could have been. */
    readonly count: number;
    readonly most: number;
    readonly skip: number;
    readonly seeds: readonly number[];
    readonly sha256: string;
  };
  /** Prompts left out because an image or a score of theirs failed. */
  readonly lost: number;
  readonly looks: readonly GateLook[];
  /** Prompts of the last plan, those that the power asks for (null beyond a million), and the power of the plan. */
  readonly planned: { readonly prompts: number; readonly wanted: number | null; readonly power: number };
  /** Prompts that would decide an undecided gate, estimated; else null. */
  readonly promptsToDecide: number | null;
  readonly worst: readonly WorstPrompt[];
  /** Artefact with the record of the reference, which --write-baseline copies; null where it was given. */
  readonly baseline: string | null;
  readonly objective: GateSpec['objective'];
  readonly power: number;
  readonly alpha: number;
  readonly generated: number;
  readonly reused: number;
  readonly warnings: readonly string[];
  readonly seconds: number;
}
