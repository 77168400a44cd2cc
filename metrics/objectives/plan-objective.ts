/**
 * From an objective as a spec names it to a plan over raw terms.
 *
 * - `jaq-clip`: 2.5 max(cos, 0) + k CLIP-IQA(quality), an image at a time, then the mean.
 * - `jaq-clip-log`: ln(100 mean cos) + k mean CLIP-IQA(quality): the paper's released code.
 * - `jaq-preference`: AQ-MAP + k HPSv2 (paper, Eq. 3).
 * - `jaq-preference-tables`: HPSv2 + k AQ-MAP, the form that the paper's printed Table 2 adds up to.
 * - `iq`: CLIP-IQA(quality) alone, for models without text.
 * - `weighted`: any sum of scores; each counts as text or quality by what it judges.
 */
import { QschedError } from '../../contract/errors.js';
import type { ObjectivePart, ObjectivePlan, TermForm } from '../../contract/objective-plan.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { nearest, suggestion } from '../../contract/suggestion.js';
import { SCORE_TABLE, type Direction, type Judges } from '../scores/score-table.js';

/** A score that a plug-in scorer declares. */
export interface DeclaredScore {
  readonly name: string;
  readonly judges: Judges;
  readonly direction: 'higher' | 'lower';
}

/** What a scorer folder declares; a folder of a known kind declares nothing. @throws QschedError (usage) for a folder that is not there */
export type Declared = (scorer: string) => readonly DeclaredScore[];

/** Scores of all installed plug-ins as `weights` may name them, `score@scorer`; asked only for a message. */
export type Installed = () => readonly string[];

const part = (scorer: string, term: string, form: TermForm = 'raw', weight = 1): ObjectivePart => ({
  scorer,
  term,
  form,
  weight,
});
const NOTHING = () => [];

/**
 * @param declared scores of plug-in scorers, where `weights` may name them
 * @param installed what a message about an unknown score lists beside the table
 * @throws QschedError (usage): an unknown score, a weight against its score's direction
 */
export function planObjective(
  choice: ObjectiveChoice,
  declared: Declared = NOTHING,
  installed: Installed = NOTHING,
): ObjectivePlan {
  const { type, k, scorer } = choice;
  const cosine = (form: TermForm) => [part(scorer, 'cosine', form)];
  const clipIqa = [part(scorer, 'clip-iqa.quality')];
  const preference = { text: [part('aq-map', 'aq-map')], quality: [part('hpsv2', 'hpsv2')] };
  const plain = { type, k, textOfMean: 'itself' } as const;
  switch (type) {
    case 'jaq-clip':
      return { ...plain, text: cosine('hessel'), quality: clipIqa, weights: [1, k] };
    case 'jaq-clip-log':
      return { ...plain, text: cosine('percent'), quality: clipIqa, textOfMean: 'log', weights: [1, k] };
    case 'jaq-preference':
      return { ...plain, ...preference, weights: [1, k] };
    case 'jaq-preference-tables':
      return { ...plain, ...preference, weights: [k, 1] };
    case 'iq':
      return { ...plain, text: [], quality: clipIqa, weights: [0, 1] };
    case 'weighted': {
      const parts = Object.entries(choice.weights ?? {}).map(([name, weight]) =>
        weighted(name, weight, scorer, declared, installed),
      );
      const of = (judges: Judges) => parts.filter((one) => one.judges === judges).map((one) => one.part);
      return { ...plain, k: 1, text: of('text'), quality: of('quality'), weights: [1, 1] };
    }
  }
}

/** `score` or `score@scorer`, with a sign that says what is better. */
function weighted(
  name: string,
  weight: number,
  objective: string,
  declared: Declared,
  installed: Installed,
): { part: ObjectivePart; judges: Judges } {
  const [score = '', at] = name.split('@');
  const entry = Object.hasOwn(SCORE_TABLE, score) ? SCORE_TABLE[score] : undefined;
  if (entry !== undefined) {
    refuseWrongSign(name, weight, entry.direction);
    return { part: part(at ?? entry.scorer ?? objective, entry.term, entry.form, weight), judges: entry.judges };
  }
  const scores = plugIn(score, at ?? score, declared, installed);
  const found = at === undefined ? scores[0] : scores.find((one) => one.name === score);
  if (found === undefined) {
    throw new QschedError(
      'usage',
      `objective.weights names "${name}", which is not a score.`,
      meant(name, [...scores.map((one) => `${one.name}@${at ?? score}`), ...installed()]),
    );
  }
  refuseWrongSign(name, weight, found.direction);
  return { part: part(at ?? score, found.name, 'raw', weight), judges: found.judges };
}

function plugIn(score: string, scorer: string, declared: Declared, installed: Installed): readonly DeclaredScore[] {
  try {
    return declared(scorer);
  } catch (error) {
    if (scorer !== score) throw error;
    throw new QschedError(
      'usage',
      `objective.weights names "${score}", which is neither a score nor a scorer's folder.`,
      meant(score, installed()),
    );
  }
}

/** What there is, and what may have been meant: the same score in whatever folder it is. */
function meant(name: string, plugIns: readonly string[]): string {
  const all = [...new Set([...plugIns, ...Object.keys(SCORE_TABLE)])];
  const bare = (one: string): string => one.split('@')[0]!;
  const near = nearest(bare(name), all.map(bare));
  return suggestion(all.find((one) => bare(one) === near) ?? name, all);
}

function refuseWrongSign(name: string, weight: number, direction: Direction): void {
  if (direction === 'either') {
    if (weight !== 0) return;
    throw new QschedError(
      'usage',
      `objective.weights.${name} is 0, which adds nothing.`,
      `Give ${name} a weight above or below 0, or leave it out.`,
    );
  }
  if (direction === 'higher' ? weight > 0 : weight < 0) return;
  throw new QschedError(
    'usage',
    `objective.weights.${name} is ${weight}, but a ${direction} ${name} is better, and a search makes its objective as high as it can.`,
    `Give ${name} a weight ${direction === 'higher' ? 'above' : 'below'} 0.`,
  );
}

/**
 * The objective that a scorer outside a search's own judges by: the same one on its terms where it
 * has them, else its first declared score, else CLIP's own.
 *
 * @param names raw terms of that scorer
 */
export function planOutside(
  plan: ObjectivePlan,
  scorer: string,
  names: readonly string[],
  scores: readonly DeclaredScore[],
): ObjectivePlan {
  const parts = [...plan.text, ...plan.quality];
  if (parts.every(({ term }) => names.includes(term))) {
    const here = (list: readonly ObjectivePart[]) => list.map((one) => ({ ...one, scorer }));
    return { ...plan, text: here(plan.text), quality: here(plan.quality) };
  }
  if (names.includes('cosine')) return planObjective({ type: 'jaq-clip', k: 2, scorer });
  const first = scores[0] ?? knownScore(names);
  if (first === undefined) {
    throw new QschedError(
      'usage',
      `The scorer "${scorer}" has features but no score: it cannot judge a gain.`,
      'Leave it out of the scorers; name it as `features` instead.',
    );
  }
  const own = part(scorer, first.name, 'raw', first.direction === 'higher' ? 1 : -1);
  return {
    type: first.name,
    k: 1,
    text: first.judges === 'text' ? [own] : [],
    quality: first.judges === 'quality' ? [own] : [],
    textOfMean: 'itself',
    weights: [1, 1],
  };
}

function knownScore(names: readonly string[]): DeclaredScore | undefined {
  const found = Object.values(SCORE_TABLE).find(({ term }) => term === names[0]);
  if (found === undefined) return undefined;
  return { name: found.term, judges: found.judges, direction: found.direction === 'lower' ? 'lower' : 'higher' };
}

/** The same plan at another k: the weight of image quality, of the text term in `jaq-preference-tables`. */
export function withK(plan: ObjectivePlan, k: number): ObjectivePlan {
  if (plan.type === 'jaq-preference-tables') return { ...plan, k, weights: [k, 1] };
  return { ...plan, k, weights: [plan.weights[0], plan.text.length === 0 ? plan.weights[1] : k] };
}
