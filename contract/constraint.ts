/**
 * A constraint of a search: the least gain over the baseline that its best candidate must have in a score.
 */
import type { ObjectivePlan } from './objective-plan.js';

/** Plain JSON. */
export interface Constraint {
  /** The score as the spec names it. */
  readonly name: string;
  readonly atLeast: number;
  /** Computes the score, times -1 if lower is better, so that a gain is an improvement. */
  readonly plan: ObjectivePlan;
}
