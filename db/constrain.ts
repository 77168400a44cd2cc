/**
 * Scored trials of a running search, held against its constraints.
 */
import { createObjective, type Row } from '../metrics/objectives/jaq.js';
import { keepsAll, penalised, type Kept } from '../metrics/objectives/penalty.js';
import type { Constraint } from '../contract/constraint.js';
import type { ConstrainedTrial, ConstrainRequest } from '../contract/payloads.js';
import type { ObjectivePlan } from '../contract/objective-plan.js';
import { knownEvaluations, splitPrompts } from './evaluations.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

interface Scored {
  readonly number: number;
  readonly candidate: string;
  readonly score: number;
}

const SCORED = `
  select number, candidate_id as candidate, score from trials
  where search_id = @searchId and stage = @stage and status = 'ok' and score is not null`;

/** In the order of the request. Trials are compared with trial 0 of their stage on the same images. It only reads. */
export function constrainTrials(store: Store, request: ConstrainRequest): ConstrainedTrial[] {
  const { searchId, stage, split, seeds, contexts, constraints, objective } = request;
  const promptIds = splitPrompts(store, searchId, split);
  const rowsOf = ({ candidate }: Scored): Row[] =>
    knownEvaluations(store, contexts, candidate, promptIds, seeds).flatMap((one) =>
      one?.status === 'ok' ? [one.terms] : [],
    );
  const scored = new Map(
    statement<object, Scored>(store, SCORED)
      .all({ searchId, stage })
      .map((trial) => [trial.number, trial]),
  );
  const baseline = scored.get(0);
  const reference = baseline === undefined ? [] : rowsOf(baseline);
  const planned = constraints.map((constraint) => {
    const scored = createObjective(constraint.plan);
    return { ...constraint, scored, weight: weightOf(constraint, objective), before: scored.score(reference) };
  });
  return request.trials.map((number) => {
    const trial = scored.get(number);
    if (trial === undefined || baseline === undefined) return { keeps: false, told: null };
    const rows = rowsOf(trial);
    const kept = planned.map(({ scored: own, before, atLeast, weight }): Kept => ({
      gain: own.score(rows) - before,
      atLeast,
      weight,
    }));
    return { keeps: keepsAll(kept), told: penalised(trial.score, baseline.score, kept) };
  });
}

/** The weight of a term of the objective itself; 1 for other scores. */
const weightOf = ({ name }: Constraint, { weights: [text, quality] }: ObjectivePlan): number =>
  ({ text, quality })[name] ?? 1;
