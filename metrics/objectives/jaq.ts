/**
 * What turns raw terms into the number that a search maximises: JAQ = TC + k * IQ (Q-Sched, arXiv
 * 2509.01624, Eq. 3) and its relatives, by plan. TC is the agreement of image and text, IQ the
 * quality of the image; a score is always the weighted sum of the two means, so that any k can be
 * ranked later from stored terms, to the same bits. The paper's Algorithm 1 writes a minimisation;
 * JAQ is maximised, as in its text and code.
 *
 * Sums run in row order in float64, so equal rows give equal scores bit for bit.
 */
import { QschedError } from '../../contract/errors.js';
import { scorersOf, type ObjectivePart, type ObjectivePlan } from '../../contract/objective-plan.js';
import { clipScoreHessel } from '../scores/clip-score.js';

/** The raw terms of one image by scorer and name. */
export type Row = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Mean terms on the objective's scale; null if the objective has no such term. */
export interface MeanTerms {
  readonly tc: number | null;
  readonly iq: number | null;
}

/** An objective, ready to score. */
export interface Objective {
  readonly plan: ObjectivePlan;
  /** Scorers whose terms every row must have. */
  readonly scorers: readonly string[];
  /** weights[0] * tc + weights[1] * iq over all images of a candidate; NaN if a term is NaN. */
  score(rows: readonly Row[]): number;
  /** The score of one image, for paired statistics. */
  perImage(row: Row): number;
  terms(rows: readonly Row[]): MeanTerms;
}

/** Floor under the logarithm of `jaq-clip-log`, on the 0-100 scale; ln gives -13.8. */
export const LOG_FLOOR = 1e-6;

const FORMS = {
  raw: (value: number) => value,
  hessel: clipScoreHessel,
  percent: (cosine: number) => 100 * cosine,
} as const;

/**
 * `jaq-clip-log`'s text term exists only for a set; the score of one image is the same formula on a
 * set of one, and the mean of those is below the set's score (Jensen). Paired statistics use the
 * image's form.
 *
 * @throws QschedError (usage) for weights or a k that are not finite
 */
export function createObjective(plan: ObjectivePlan): Objective {
  const {
    text,
    quality,
    textOfMean,
    weights: [wText, wQuality],
  } = plan;
  for (const value of [plan.k, wText, wQuality, ...[...text, ...quality].map(({ weight }) => weight)]) {
    if (!Number.isFinite(value)) {
      throw new QschedError(
        'usage',
        `A weight of objective "${plan.type}" is ${value}; it must be a finite number.`,
        'Use k = 2, the default.',
      );
    }
  }
  if (plan.k < 0) {
    throw new QschedError(
      'usage',
      `The weight k of objective "${plan.type}" is ${plan.k}; it must not be negative.`,
      'Use k = 2, the default.',
    );
  }
  const terms = (rows: readonly Row[]): MeanTerms => {
    const mean = text.length === 0 ? null : meanOf(rows, text);
    return {
      tc: mean !== null && textOfMean === 'log' ? Math.log(Math.max(mean, LOG_FLOOR)) : mean,
      iq: quality.length === 0 ? null : meanOf(rows, quality),
    };
  };
  const score = (rows: readonly Row[]): number => scoreOfTerms(plan, terms(rows));
  return { plan, scorers: scorersOf(plan), terms, score, perImage: (row) => score([row]) };
}

/** The score of mean terms: what ranking by another k needs. */
export function scoreOfTerms(
  { weights: [wText, wQuality] }: Pick<ObjectivePlan, 'weights'>,
  { tc, iq }: MeanTerms,
): number {
  if (tc === null) return wQuality * (iq ?? NaN);
  return iq === null ? wText * tc : wText * tc + wQuality * iq;
}

function meanOf(rows: readonly Row[], parts: readonly ObjectivePart[]): number {
  if (rows.length === 0) throw new QschedError('failure', 'An objective over no images at all.');
  let sum = 0;
  for (const row of rows) sum += valueOf(row, parts);
  return sum / rows.length;
}

function valueOf(row: Row, parts: readonly ObjectivePart[]): number {
  let sum = 0;
  for (const { scorer, term, form, weight } of parts) {
    const value = row[scorer]?.[term];
    if (value === undefined) {
      throw new QschedError(
        'failure',
        `The term "${term}" of the scorer "${scorer}" is missing; this row has ${
          Object.entries(row)
            .flatMap(([name, terms]) => Object.keys(terms).map((one) => `${name}/${one}`))
            .join(', ') || 'none'
        }.`,
      );
    }
    sum += weight * FORMS[form](value);
  }
  return sum;
}

/**
 * What share of the score's variance over candidates each term contributes:
 * cov(tc, s) / var(s) and cov(k * iq, s) / var(s) with s = tc + k * iq. They add up to 1; a
 * share is negative if a term works against the score. Both are 0 if s does not vary.
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
