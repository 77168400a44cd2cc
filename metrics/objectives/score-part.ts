/**
 * A score by its name: `clip-iqa.quality`, `brisque`, `score@scorer`, or the folder of a plug-in scorer for its first
 * score.
 */
import { QschedError } from '../../contract/errors.js';
import type { ObjectivePart } from '../../contract/objective-plan.js';
import { nearest, suggestion } from '../../contract/suggestion.js';
import { SCORE_TABLE, type Direction, type Judges, type ScoreEntry } from '../scores/score-table.js';
import { part } from './objective.js';

/** The term of a score, with the weight 1. */
export interface NamedScore {
  readonly part: ObjectivePart;
  readonly judges: Judges;
  readonly direction: Direction;
}

/** Scores of plug-in scorers: those of one folder, and all of them for messages (`Scores`). */
interface PluginScores {
  readonly declared: (scorer: string) => readonly (Omit<NamedScore, 'part'> & { readonly name: string })[];
  readonly installed: () => readonly string[];
}

/** Where a name is looked up. */
export interface ScoreNames {
  /** What names the score, for messages: `objective.weights`. */
  readonly field: string;
  /** The scorer of CLIP scores that name none. */
  readonly scorer: string;
  readonly scores: PluginScores;
}

/** `score` or `score@scorer`. */
export function nameParts(name: string): { readonly score: string; readonly at: string | undefined } {
  const [score = '', at] = name.split('@');
  return { score, at };
}

/** A score of the table; undefined for those that plug-ins declare. */
export const known = (score: string): ScoreEntry | undefined =>
  Object.hasOwn(SCORE_TABLE, score) ? SCORE_TABLE[score] : undefined;

/** @throws QschedError (usage) for an unknown score, with the closest known name */
export function namedScore(name: string, { field, scorer, scores }: ScoreNames): NamedScore {
  const { score, at } = nameParts(name);
  const entry = known(score);
  if (entry !== undefined) {
    const { judges, direction } = entry;
    return { part: part(at ?? entry.scorer ?? scorer, entry.term, entry.form), judges, direction };
  }
  const declared = plugIn(score, at ?? score, field, scores);
  const found = at === undefined ? declared[0] : declared.find((one) => one.name === score);
  if (found === undefined) {
    throw new QschedError(
      'usage',
      `${field} names "${name}", which is not a score.`,
      meant(name, [...declared.map((one) => `${one.name}@${at ?? score}`), ...scores.installed()]),
    );
  }
  return { part: part(at ?? score, found.name), judges: found.judges, direction: found.direction };
}

function plugIn(
  score: string,
  scorer: string,
  field: string,
  { declared, installed }: PluginScores,
): ReturnType<PluginScores['declared']> {
  try {
    return declared(scorer);
  } catch (error) {
    if (scorer !== score) throw error;
    throw new QschedError(
      'usage',
      `${field} names "${score}", which is neither a score nor a scorer's folder.`,
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
