/**
 * The scorers of an objective and those beside it: found, checked, and spelt out as plans.
 */
import { planObjective, planOutside, type DeclaredScore } from '../../metrics/objectives/plan-objective.js';
import { QschedError } from '../../contract/errors.js';
import { scorersOf, type ObjectivePlan } from '../../contract/objective-plan.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { suggestion } from '../../contract/suggestion.js';
import type { ModelFolder } from '../models/model-folder.js';
import { plugInScores } from './installed-scorers.js';
import { declaredScores } from './plugin.js';
import { openScorerFolder } from './scorer-folder.js';
import type { ScorerFolder } from './scorer-kind.js';

/** Scorers of a search or an evaluation, the objective's first. */
export interface CheckedScorers {
  readonly scorers: readonly ScorerFolder[];
  readonly objective: ObjectivePlan;
  /** What each scorer outside the objective judges by. */
  readonly outside: Readonly<Record<string, ObjectivePlan>>;
}

/**
 * @param beside names of the scorers that are asked for beside the objective's own
 * @throws QschedError (usage): unknown score or scorer, a folder that lacks a file, a term that a scorer does not give
 */
export function checkScorers(
  choice: ObjectiveChoice,
  beside: readonly string[],
  model: Pick<ModelFolder, 'scorers'>,
  roots?: readonly string[],
): CheckedScorers {
  const open = (role: string): ScorerFolder => openScorerFolder(role, model, roots);
  const objective = planObjective(
    choice,
    (scorer) => declared(open(scorer)),
    () => plugInScores(roots),
  );
  const own = scorersOf(objective).map(open);
  for (const { scorer, term } of [...objective.text, ...objective.quality]) {
    const { names } = own.find(({ role }) => role === scorer)!;
    if (!names.includes(term)) {
      throw new QschedError(
        'usage',
        `The objective needs the term "${term}", which the scorer "${scorer}" does not compute.`,
        suggestion(term, names),
      );
    }
  }
  const others = [...new Set(beside)].filter((role) => !own.some((scorer) => scorer.role === role)).map(open);
  const outside = Object.fromEntries(
    others.map((scorer) => [scorer.role, planOutside(objective, scorer.role, scorer.names, declared(scorer))]),
  );
  return { scorers: [...own, ...others], objective, outside };
}

const declared = ({ kind, manifest }: ScorerFolder): readonly DeclaredScore[] =>
  kind === 'module' || kind === 'http' ? declaredScores(manifest) : [];
