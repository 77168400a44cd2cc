/**
 * The objectives of a search: JAQ = TC + k * IQ (Q-Sched, arXiv 2509.01624, Eq. 3), higher
 * is better. TC says how well picture and text agree, IQ how good the picture is. An
 * objective is an entry of OBJECTIVES; a score is always tc + k * iq of its two mean terms,
 * so that any k can be ranked later from stored terms, to the same bits.
 *
 * The raw terms of a picture (cosine, CLIP-IQA) are what is stored; sums run in row order in
 * float64, so equal rows give equal scores bit for bit.
 */
import { QschedError } from '../spec/errors.js';
import { suggestion } from '../spec/validate.js';
import { clipScoreHessel } from './clip-score.js';

/** A raw term of one picture. */
export type TermName = 'cosine' | `clip-iqa.${string}`;

/** The raw terms of one picture, by TermName. */
export type Terms = Readonly<Record<string, number>>;

/** An objective as a spec names it. */
export interface ObjectiveSpec {
  readonly type: string;
  /** Weight of the quality term, finite and not negative. */
  readonly k: number;
}

/** What turns the raw terms of a candidate's pictures into the number that a search maximises. */
export interface Objective {
  readonly name: string;
  readonly k: number;
  /** Raw terms that every row must have. */
  readonly needs: readonly TermName[];
  /** tc + k * iq over all pictures of a candidate; NaN where a term is NaN. */
  score(rows: readonly Terms[]): number;
  /** The score of one picture, for paired statistics. */
  perImage(row: Terms): number;
  /** Mean text and quality term, on the objective's own scale. */
  terms(rows: readonly Terms[]): { tc: number; iq: number };
}

/** Floor under the logarithm of `jaq-clip-log`, on the 0-100 scale; ln gives -13.8. */
export const LOG_FLOOR = 1e-6;

interface Definition {
  readonly quality: TermName;
  /** Text term of one picture, averaged over pictures ... */
  readonly text: (cosine: number) => number;
  /** ... before this function makes it the set's text term. */
  readonly ofMean: (mean: number) => number;
}

const logClipScore = (score: number) => Math.log(Math.max(score, LOG_FLOOR));

/**
 * - `jaq-clip`: 2.5 * max(cos, 0) + k * CLIP-IQA(quality), a picture at a time, then the mean.
 * - `jaq-clip-log`: ln(100 * mean cos) + k * mean CLIP-IQA(quality), the form of the paper's
 *   released code. Its text term exists only for a set; the score of one picture is the same
 *   formula on a set of one, ln(100 * cos) + k * CLIP-IQA, and the mean of those is below the
 *   set's score (Jensen). Paired statistics use the picture's form.
 */
const OBJECTIVES: Readonly<Record<string, Definition>> = {
  'jaq-clip': { quality: 'clip-iqa.quality', text: clipScoreHessel, ofMean: (mean) => mean },
  'jaq-clip-log': { quality: 'clip-iqa.quality', text: (cosine) => 100 * cosine, ofMean: logClipScore },
};

/** Names that `createObjective` knows. */
export const objectiveNames: readonly string[] = Object.keys(OBJECTIVES);

/**
 * The objective that a spec names.
 *
 * @throws QschedError (usage) for an unknown type, or a k that is negative or not finite
 */
export function createObjective(spec: ObjectiveSpec): Objective {
  const { type: name, k } = spec;
  const definition = Object.hasOwn(OBJECTIVES, name) ? OBJECTIVES[name] : undefined;
  if (definition === undefined) {
    throw new QschedError('usage', `Unknown objective "${name}".`, suggestion(String(name), objectiveNames));
  }
  if (typeof k !== 'number' || !Number.isFinite(k) || k < 0) {
    throw new QschedError('usage', `The weight k of objective "${name}" is ${String(k)}; it must be a finite number that is not negative.`, 'Use k = 2, the default.');
  }
  const { quality, text, ofMean } = definition;
  const terms = (rows: readonly Terms[]) => ({
    tc: ofMean(meanOf(rows, (row) => text(term(row, 'cosine')))),
    iq: meanOf(rows, (row) => term(row, quality)),
  });
  const score = (rows: readonly Terms[]) => {
    const { tc, iq } = terms(rows);
    return tc + k * iq;
  };
  return { name, k, needs: ['cosine', quality], terms, score, perImage: (row) => score([row]) };
}

function term(row: Terms, name: TermName): number {
  const value = row[name];
  if (value === undefined) {
    throw new QschedError('failure', `The term "${name}" is missing; this row has ${Object.keys(row).join(', ') || 'none'}.`);
  }
  return value;
}

function meanOf(rows: readonly Terms[], of: (row: Terms) => number): number {
  if (rows.length === 0) throw new QschedError('failure', 'An objective over no images at all.');
  let sum = 0;
  for (const row of rows) sum += of(row);
  return sum / rows.length;
}

/**
 * What share of the score's variance over candidates each term contributes:
 * cov(tc, s) / var(s) and cov(k * iq, s) / var(s) with s = tc + k * iq. They add up to 1; a
 * share is negative where a term works against the score. Both are 0 where s does not vary.
 *
 * @param tc text term of each candidate
 * @param iq quality term of each candidate, in the same order
 * @throws QschedError (failure) if the lengths differ
 */
export function varianceShare(tc: ArrayLike<number>, iq: ArrayLike<number>, k: number): { tc: number; iq: number } {
  const n = tc.length;
  if (iq.length !== n) throw new QschedError('failure', `${n} text terms but ${iq.length} quality terms.`);
  let meanTc = 0;
  let meanIq = 0;
  for (let i = 0; i < n; i++) {
    meanTc += tc[i]! / n;
    meanIq += iq[i]! / n;
  }
  let text = 0;
  let quality = 0;
  for (let i = 0; i < n; i++) {
    const a = tc[i]! - meanTc;
    const b = k * (iq[i]! - meanIq);
    text += a * (a + b);
    quality += b * (a + b);
  }
  const total = text + quality;
  return total > 0 ? { tc: text / total, iq: quality / total } : { tc: 0, iq: 0 };
}
