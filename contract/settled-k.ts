/**
 * The weight k of a search that settles it itself (`objective.k: auto`).
 */
import type { SettledK } from './opening.js';
import { DEFAULT_K, type ObjectiveChoice, type SearchObjective, type SearchSpec } from './search-spec.js';
import { QschedError } from './errors.js';

/** Candidates that k is settled on: from 8 of them it is off by half on the bundled model, from 16 by a fifth. */
export const FIRST_DESIGN = 16;

/**
 * The objective as it is scored.
 *
 * @param settled what `auto` was settled at; the default until it is
 */
export function objectiveAt(search: SearchObjective, settled: SettledK | undefined): ObjectiveChoice {
  const { k, atLeast: _, goal: _goal, ...objective } = search;
  return { ...objective, k: k === 'auto' ? (settled?.value ?? DEFAULT_K) : k };
}

/** What a reader should know of it. */
export const noteOnK = ({ value, candidates, varied }: SettledK): string =>
  varied
    ? `k = ${value} was settled on the first ${candidates} candidates: with it, text and quality vary equally over them.`
    : `k could not be settled: one term does not vary over the first ${candidates} candidates. The default is used, k = ${value}.`;

/** @throws QschedError (usage) for an objective without k, and for a budget that is too small to settle k */
export function checkAutoK({ objective, optimizer }: SearchSpec): void {
  if (objective.goal === 'repair' && (objective.k === 'auto' || objective.atLeast !== undefined)) {
    const field = objective.k === 'auto' ? 'k: auto' : 'atLeast';
    throw new QschedError(
      'usage',
      `objective.${field} is for a search that maximises the gain, and objective.goal is "repair".`,
      'Remove one of them.',
    );
  }
  if (objective.k !== 'auto') return;
  if (objective.type === 'iq' || objective.type === 'weighted') {
    throw new QschedError(
      'usage',
      `objective.k is auto, but the objective "${objective.type}" has no k.`,
      objective.type === 'iq' ? 'Leave it out.' : 'Leave it out: objective.weights holds every weight.',
    );
  }
  if (optimizer.budget >= FIRST_DESIGN) return;
  throw new QschedError(
    'usage',
    `optimizer.budget is ${optimizer.budget}, but objective.k: auto is settled on the first ${FIRST_DESIGN} candidates.`,
    'Use a larger budget, or give k.',
  );
}
