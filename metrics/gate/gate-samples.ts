/**
 * What a gate compares: the scores of a reference and of a candidate on the same prompts and seeds.
 *
 * Every score is turned so that higher is better: where lower is better, its values are negated, and its margin with them.
 */

/** Prompts x seeds; each prompt has one value or more. */
export type Scores = readonly (readonly number[])[];

/** How much worse a candidate may be: in units of the score, or of the reference's own seed-to-seed standard deviation. */
export type Margin = { readonly absolute: number } | { readonly spread: number };

/** A score of single images: the gate is about the candidate's minus the reference's. */
export interface PointwiseSamples {
  readonly kind: 'pointwise';
  readonly name: string;
  /**
   * The reference's. A prompt's first values are of the candidate's seeds, in the same order; what follows only tells how much
   * the reference varies from seed to seed.
   */
  readonly reference: Scores;
  readonly candidate: Scores;
  /** Above 0. */
  readonly margin: Margin;
}

/** A score of pairs of images: the candidate's beside the reference's of the same prompt and seed. */
export interface PairwiseSamples {
  readonly kind: 'pairwise';
  readonly name: string;
  readonly values: Scores;
  /** What the mean has to be above. LPIPS of at most 0.1: values negated, floor -0.1. SSIM of at least 0.9: floor 0.9. */
  readonly floor: number;
  /**
   * A mean above the floor at which the gate is to have its power. By default half a standard deviation of the prompts' values
   * above it: there is no difference of 0 to plan for.
   */
  readonly design?: number;
}

export type GateSamples = PointwiseSamples | PairwiseSamples;
