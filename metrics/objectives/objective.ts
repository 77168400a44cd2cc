/**
 * What one objective's file defines. An objective is a weighted sum of two terms, TC (agreement of text and image) and
 * IQ (image quality), each a weighted sum of scores.
 */
import type { ObjectivePart, ObjectivePlan, TermForm } from '../../contract/objective-plan.js';
import type { ObjectiveTerms } from '../../contract/search-spec.js';
import type { Judges } from '../scores/score-table.js';

/** A score that a plug-in scorer declares. */
export interface DeclaredScore {
  readonly name: string;
  readonly judges: Judges;
  readonly direction: 'higher' | 'lower';
}

/** The scores that scorers declare, for objectives that may name them. */
export interface Scores {
  /** Those of one folder; empty for a folder of a built-in kind. @throws QschedError (usage) if there is no such folder */
  readonly declared: (scorer: string) => readonly DeclaredScore[];
  /** Those of all installed plug-ins, as `score@scorer`: only messages list them. */
  readonly installed: () => readonly string[];
}

/** One kind of objective. */
export interface ObjectiveDefinition {
  /** The term that k multiplies: TC + k * IQ, or k * TC + IQ; null if the objective has no k. */
  readonly kWeighs: 'quality' | 'text' | null;
  /** `log`: the logarithm of the text term's mean is used. */
  readonly textOfMean?: ObjectivePlan['textOfMean'];
  /** The parts of TC and of IQ. @throws QschedError (usage) for a choice that makes no sense */
  readonly parts: (choice: ObjectiveTerms, scores: Scores) => Pick<ObjectivePlan, 'text' | 'quality'>;
  /** Scorers that it may need, before anybody looked at them; by default those of its parts. */
  readonly scorers?: (choice: ObjectiveTerms) => readonly string[];
}

/** A term of a scorer. */
export const part = (scorer: string, term: string, form: TermForm = 'raw', weight = 1): ObjectivePart => ({
  scorer,
  term,
  form,
  weight,
});
