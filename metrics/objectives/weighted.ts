/** `weighted`: any sum of scores; each counts as text or quality by what it judges. */
import { QschedError } from '../../contract/errors.js';
import type { ObjectivePart } from '../../contract/objective-plan.js';
import { nearest, suggestion } from '../../contract/suggestion.js';
import { SCORE_TABLE, type Direction, type Judges, type ScoreEntry } from '../scores/score-table.js';
import { part, type DeclaredScore, type ObjectiveDefinition, type Scores } from './objective.js';

export const weighted: ObjectiveDefinition = {
  kWeighs: null,
  parts({ weights = {}, scorer }, scores) {
    const parts = Object.entries(weights).map(([name, weight]) => weightedPart(name, weight, scorer, scores));
    const of = (judges: Judges) => parts.filter((one) => one.judges === judges).map((one) => one.part);
    return { text: of('text'), quality: of('quality') };
  },
  scorers: ({ weights = {}, scorer }) =>
    Object.keys(weights).map((name) => {
      const { score, at } = nameParts(name);
      return at ?? (known(score) === undefined ? score : (known(score)!.scorer ?? scorer));
    }),
};

/** `score` or `score@scorer`. */
function nameParts(name: string): { readonly score: string; readonly at: string | undefined } {
  const [score = '', at] = name.split('@');
  return { score, at };
}

const known = (score: string): ScoreEntry | undefined =>
  Object.hasOwn(SCORE_TABLE, score) ? SCORE_TABLE[score] : undefined;

/** A term whose weight has the sign of what is better. */
function weightedPart(
  name: string,
  weight: number,
  objective: string,
  scores: Scores,
): { readonly part: ObjectivePart; readonly judges: Judges } {
  const { score, at } = nameParts(name);
  const entry = known(score);
  if (entry !== undefined) {
    refuseWrongSign(name, weight, entry.direction);
    return { part: part(at ?? entry.scorer ?? objective, entry.term, entry.form, weight), judges: entry.judges };
  }
  const declared = plugIn(score, at ?? score, scores);
  const found = at === undefined ? declared[0] : declared.find((one) => one.name === score);
  if (found === undefined) {
    throw new QschedError(
      'usage',
      `objective.weights names "${name}", which is not a score.`,
      meant(name, [...declared.map((one) => `${one.name}@${at ?? score}`), ...scores.installed()]),
    );
  }
  refuseWrongSign(name, weight, found.direction);
  return { part: part(at ?? score, found.name, 'raw', weight), judges: found.judges };
}

function plugIn(score: string, scorer: string, { declared, installed }: Scores): readonly DeclaredScore[] {
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

/** The known scores, and which one may have been meant: the same score in any folder. */
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
    `objective.weights.${name} is ${weight}, but a ${direction} ${name} is better, and a search maximises its objective.`,
    `Give ${name} a weight ${direction === 'higher' ? 'above' : 'below'} 0.`,
  );
}
