/**
 * The constraints of a search: which candidates may be the best, and what the optimizer is told of the others.
 */
import type { Constraint } from '../../contract/constraint.js';
import type { ConstrainedTrial, Stage } from '../../contract/payloads.js';
import { storeActivities } from '../activities.js';
import { imagesPerTrial } from '../scoring/batch.js';
import { referenceOf } from './score-stage.js';
import type { SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

/** Scored trials of a stage. */
interface Scored {
  readonly stage: Stage;
  /** Numbers, in the order of the scores. */
  readonly trials: readonly number[];
  /** Null where failed. */
  readonly scores: readonly (number | null)[];
}

/**
 * Holds scored trials against the constraints, on the images of their stage, of which trial 0 is the baseline. Without
 * constraints every trial with a score keeps them.
 */
export async function constrain(
  run: SearchRun,
  state: SearchState,
  { stage, trials, scores }: Scored,
): Promise<readonly ConstrainedTrial[]> {
  const { constraints } = state;
  if (constraints.length === 0) return scores.map((score) => ({ keeps: score !== null, told: score }));
  const rows = trials.length * imagesPerTrial(state.splits[stage]);
  const request = { ...referenceOf(run, state, stage), constraints, trials };
  const held = await storeActivities(rows).constrain(request);
  return held.map(({ keeps, told }, i) => ({ keeps, told: told ?? scores[i]! }));
}

/** `a gain of at least -0.002 in text and of at least 0 in quality` */
export const asked = (constraints: readonly Constraint[]): string =>
  `a gain ${constraints.map(({ name, atLeast }) => `of at least ${atLeast} in ${name}`).join(' and ')}`;
