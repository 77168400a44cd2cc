/**
 * What confirming a finalist needs from its search: the gain on its own calibration images, and the
 * prompts that must not be used again.
 */
import { and, eq, inArray, type SQL } from 'drizzle-orm';
import { createObjective, scoreOfTerms, type MeanTerms } from '../metrics/objectives/jaq.js';
import { planObjective } from '../metrics/objectives/plan-objective.js';
import { meanGain } from '../metrics/statistics/paired-gain.js';
import type { Coefficients } from '../contract/coefficients.js';
import { maximisesRepair } from '../contract/goal.js';
import type { ObjectivePlan } from '../contract/objective-plan.js';
import type { Stage } from '../contract/payloads.js';
import type { ObjectiveChoice, SearchSpec } from '../contract/search-spec.js';
import { completeStored } from '../contract/spec-defaults.js';
import { knownEvaluations, splitPrompts } from './evaluations.js';
import { candidateId } from './keys.js';
import type { Store } from './open-store.js';
import { prompts, scheduleOrigins, searches, searchPrompts, trials } from './schema.js';
import { heldOpening, searchContextIds } from './searches.js';
import { settledObjective } from './settle-k.js';

/** Gain of coefficients over the baseline on the calibration images; null if either has no score there. */
export const calibrationGain = (store: Store, searchId: string, coefficients: Coefficients): number | null =>
  calibrationGainOf(store, searchId, candidateId(coefficients));

/**
 * The same for a stored candidate. Like a held-out gain it is the mean of the gains per image, so that the two can be
 * subtracted. If the objective is a sum of means, it is the difference of the trials' scores; of their terms' sums where
 * the search maximised repair.
 */
export function calibrationGainOf(store: Store, searchId: string, candidate: string): number | null {
  const row = store.select({ spec: searches.spec }).from(searches).where(eq(searches.id, searchId)).get();
  const own = calibrated(store, searchId, eq(trials.candidateId, candidate));
  const identity = calibrated(store, searchId, eq(trials.number, 0));
  if (!row || own?.score === null || own === undefined || identity?.score === null || identity === undefined) {
    return null;
  }
  const spec = completeStored(row.spec);
  const objective = settledObjective(store, { id: searchId, spec });
  const plan = ofASet(objective);
  if (plan === null && !maximisesRepair(spec)) return own.score - identity.score;
  if (plan === null) return scoreOfTerms(weightsOf(objective), own) - scoreOfTerms(weightsOf(objective), identity);
  const scores = [identity, own].map(({ id }) => imageScores(store, searchId, spec, plan, id));
  return scores.includes(null) ? null : meanGain(scores[0]!, scores[1]!);
}

/** The weights of both terms. */
const weightsOf = (objective: ObjectiveChoice): Pick<ObjectivePlan, 'weights'> =>
  objective.type === 'weighted' ? { weights: [1, 1] } : planObjective(objective);

/** A calibration trial's candidate, score and terms. */
function calibrated(
  store: Store,
  searchId: string,
  condition: SQL,
): (MeanTerms & { readonly id: string; readonly score: number | null }) | undefined {
  const found = and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration'), condition);
  const { candidateId: id, score, tc, iq } = trials;
  return store.select({ id, score, tc, iq }).from(trials).where(found).get();
}

/** The plan of an objective whose score of a set is not the mean of its images' scores; null for other objectives. */
function ofASet(objective: ObjectiveChoice): ObjectivePlan | null {
  if (objective.type === 'weighted') return null;
  const plan = planObjective(objective);
  return plan.textOfMean === 'log' ? plan : null;
}

/** Scores of a candidate's calibration images, prompts x seeds; null if one of them failed or is missing. */
function imageScores(
  store: Store,
  searchId: string,
  { precision, prompts: { seeds } }: SearchSpec,
  plan: ObjectivePlan,
  candidate: string,
): number[][] | null {
  const objective = createObjective(plan);
  const contexts = searchContextIds(store, searchId, precision);
  const own = Object.fromEntries(
    objective.scorers.flatMap((scorer) => (contexts[scorer] === undefined ? [] : [[scorer, contexts[scorer]]])),
  );
  if (Object.keys(own).length < objective.scorers.length) return null;
  const promptIds = splitPrompts(store, searchId, 'calibration');
  const known = knownEvaluations(store, own, candidate, promptIds, seeds);
  const scores = known.flatMap((one) => (one?.status === 'ok' ? [objective.perImage(one.terms)] : []));
  if (scores.length < known.length || scores.length === 0) return null;
  return promptIds.map((_, p) => scores.slice(p * seeds.length, (p + 1) * seeds.length));
}

/** Texts of the prompts with which a search chose its finalist, and of those with which its prior did. */
export function seenPrompts(store: Store, searchId: string): Set<string> {
  const behind = priorsBehind(store, searchId);
  return new Set(behind.flatMap((id) => [...splitTexts(store, id, 'calibration', 'select')]));
}

/** Texts of a search's prompts. */
export function splitTexts(store: Store, searchId: string, ...splits: Stage[]): Set<string> {
  const rows = store
    .select({ text: prompts.text })
    .from(searchPrompts)
    .innerJoin(prompts, eq(prompts.id, searchPrompts.promptId))
    .where(and(eq(searchPrompts.searchId, searchId), inArray(searchPrompts.split, splits)))
    .all();
  return new Set(rows.map(({ text }) => text));
}

/** A search, the one that it started from, the one that that one started from, and so on, as far as they are stored. */
function priorsBehind(store: Store, searchId: string): string[] {
  const found: string[] = [];
  for (let id: string | undefined = searchId; id !== undefined && !found.includes(id);) {
    found.push(id);
    id = heldOpening(store, id)?.prior?.searchId;
  }
  return found;
}

/**
 * Searches that chose the coefficients of a row: the source itself, or the origins of a stored schedule. The baseline
 * was not chosen by any search.
 *
 * @param source the id of a search or of a schedule
 */
export function searchesBehind(store: Store, source: string): string[] {
  if (isStored(store, source)) return [source];
  const rows = store
    .selectDistinct({ id: scheduleOrigins.searchId, kind: scheduleOrigins.kind })
    .from(scheduleOrigins)
    .where(eq(scheduleOrigins.scheduleId, source))
    .all();
  return [...new Set(rows.flatMap(({ id, kind }) => (id === null || kind === 'identity' ? [] : [id])))];
}

/** Whether there is a search with this id. */
export const isStored = (store: Store, id: string): boolean =>
  store.select({ id: searches.id }).from(searches).where(eq(searches.id, id)).get() !== undefined;
