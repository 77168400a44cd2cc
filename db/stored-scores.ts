/**
 * Scores by name over the stored terms of a search, and which of them are stored.
 */
import { QschedError } from '../contract/errors.js';
import { scorersOf, type ObjectivePlan } from '../contract/objective-plan.js';
import type { ObjectiveChoice } from '../contract/search-spec.js';
import { suggestion } from '../contract/suggestion.js';
import { createObjective, type Row } from '../metrics/objectives/jaq.js';
import { planObjective, type Declared } from '../metrics/objectives/plan-objective.js';
import { namesOfTerms } from '../metrics/objectives/score-names.js';
import { isOwnScore, OWN_SCORES, scorePlan, type OwnScore, type ScorePlan } from '../metrics/objectives/score-plan.js';
import type { Direction } from '../metrics/scores/score-table.js';
import { bestOf, type Calibration, type StoredTrial } from './stored-terms.js';

/** A score of stored trials. */
export interface StoredScore extends Pick<ScorePlan, 'name' | 'direction'> {
  /**
   * Of a trial that can be compared, oriented so that higher is better. One that was raced out has an
   * estimate, as in the race: the score of the best trial with all pairs plus the mean difference to it on those that it
   * reached.
   */
  readonly of: (trial: StoredTrial) => number;
  /**
   * The same per image, in prompt-then-seed order; null if that cannot be computed without the files of a plug-in, and for
   * a trial that was raced out.
   */
  readonly images: (trial: StoredTrial) => number[] | null;
}

/** What a name is looked up for. */
export interface Wanted {
  /** `--scores`, for messages. */
  readonly field: string;
  readonly name: string;
  /** For a score that is better in neither direction by itself. */
  readonly direction?: Direction | undefined;
}

/** The plan of a stored objective. The scores of plug-ins are declared in their folders, which are not needed here. */
export function storedObjective(choice: ObjectiveChoice): ObjectivePlan {
  const named = Object.entries(choice.weights ?? {}).map(([name, weight]) => ({
    name: name.split('@')[0]!,
    judges: 'quality' as const,
    direction: weight > 0 ? ('higher' as const) : ('lower' as const),
    scorer: name.split('@')[1] ?? name,
  }));
  const declared: Declared = (scorer) => named.filter((one) => one.scorer === scorer);
  return planObjective(choice, declared);
}

/**
 * A score of a search's calibration.
 *
 * @throws QschedError (usage): no such score, or not every scored trial has its terms; it lists what is stored
 */
export function storedScore(calibration: Calibration, choice: ObjectiveChoice, wanted: Wanted): StoredScore {
  const { field, name } = wanted;
  const objective = storedObjective(choice);
  const scored = calibration.trials.filter(({ status }) => status === 'ok');
  // The trial that is most like the best candidates: differences to it vary least.
  const anchor = bestOf(scored);
  const stored = termsStored(calibration, scored[0]);
  const own = OWN_SCORES.filter((one) => scored.some((trial) => ownValue(trial, one) !== null));
  const refuse = (): QschedError =>
    new QschedError(
      'usage',
      `${field} names "${name}", which is not stored for this search.`,
      suggestion(name, [...own, ...namesOfTerms(stored, choice.scorer)]),
    );
  if (isOwnScore(name)) {
    if (!own.includes(name)) throw refuse();
    const plan = name === 'score' || objective[name].length > 0 ? scorePlan(name, objective).plan : null;
    return {
      name,
      direction: 'higher',
      of: (trial) =>
        trial.pairs === null || plan === null || anchor === undefined
          ? ownValue(trial, name)!
          : estimate(calibration, plan, { trial, anchor, score: ownValue(anchor, name)! }),
      images: (trial) =>
        plan === null || trial.pairs !== null ? null : imageScores(plan, rowsOf(calibration, plan, trial)),
    };
  }
  const { direction, plan } = planned(choice, objective, stored, wanted) ?? refuseWith(refuse);
  if (scored.some((trial) => rowsOf(calibration, plan, trial) === null)) throw refuse();
  const whole = (trial: StoredTrial): number => createObjective(plan).score(rowsOf(calibration, plan, trial)!);
  return {
    name,
    direction,
    of: (trial) =>
      trial.pairs === null || anchor === undefined
        ? whole(trial)
        : estimate(calibration, plan, { trial, anchor, score: whole(anchor) }),
    images: (trial) => (trial.pairs === null ? imageScores(plan, rowsOf(calibration, plan, trial)) : null),
  };
}

const refuseWith = (error: () => QschedError): never => {
  throw error();
};

const ownValue = ({ tc, iq, score }: StoredTrial, name: OwnScore): number | null =>
  ({ text: tc, quality: iq, score })[name];

function imageScores(plan: ObjectivePlan, rows: readonly Row[] | null): number[] | null {
  const objective = createObjective(plan);
  return rows === null ? null : rows.map((row) => objective.perImage(row));
}

/** Of a trial that was raced out. NaN if one of its images, or the other trial's, has not all terms. */
function estimate(
  calibration: Calibration,
  plan: ObjectivePlan,
  { trial, anchor, score }: { readonly trial: StoredTrial; readonly anchor: StoredTrial; readonly score: number },
): number {
  const objective = createObjective(plan);
  const own = rowsOf(calibration, plan, trial, trial.pairs);
  const its = rowsOf(calibration, plan, anchor, trial.pairs);
  return own === null || its === null ? NaN : score + objective.score(own) - objective.score(its);
}

/** Rows that have every term of a plan; null if one of them does not. @param pairs as of `Calibration.rows` */
function rowsOf(
  { rows }: Calibration,
  plan: ObjectivePlan,
  { candidateId }: StoredTrial,
  pairs: number | null = null,
): Row[] | null {
  const found = rows(candidateId, scorersOf(plan), pairs);
  const parts = [...plan.text, ...plan.quality];
  return found?.every((row) => parts.every(({ scorer, term }) => row[scorer]?.[term] !== undefined)) ? found : null;
}

/** A score of the table or of a plug-in whose terms are stored; undefined if there is none of this name. */
function planned(
  choice: ObjectiveChoice,
  objective: ObjectivePlan,
  stored: ReadonlyMap<string, readonly string[]>,
  { field, name, direction }: Wanted,
): ScorePlan | undefined {
  const declared = (scorer: string) =>
    (stored.get(scorer) ?? []).map((term) => ({
      name: term,
      judges: 'quality' as const,
      direction: directionOf(choice, scorer, term),
    }));
  const scores = { declared, installed: () => [] };
  try {
    return scorePlan(name, objective, { field, scorer: choice.scorer, scores }, direction);
  } catch (error) {
    if (error instanceof QschedError) return undefined;
    throw error;
  }
}

/** The direction of a plug-in's score: that of its weight in the objective, if it has one. */
function directionOf({ weights = {} }: ObjectiveChoice, scorer: string, term: string): Direction {
  const weight = weights[`${term}@${scorer}`] ?? weights[scorer];
  if (weight === undefined) return 'either';
  return weight > 0 ? 'higher' : 'lower';
}

/** The terms that a trial's images have, by scorer. */
function termsStored({ scorers, rows }: Calibration, trial: StoredTrial | undefined): Map<string, string[]> {
  if (trial === undefined) return new Map();
  return new Map(
    scorers.flatMap((scorer) => {
      const [first] = rows(trial.candidateId, [scorer]) ?? [];
      return first === undefined ? [] : [[scorer, Object.keys(first[scorer] ?? {})] as const];
    }),
  );
}
