/**
 * Ranking candidates again by another k, from their mean terms alone.
 *
 * At weights that are linear in k, a candidate's score is a line in k: TC + k * IQ has the
 * intercept TC and the slope IQ (k * TC + IQ, of `jaq-preference-tables`, the other way round).
 * The winner as a function of k is therefore the upper envelope of lines; every winner lies on
 * the Pareto front of TC against IQ, but not every point of the front wins at some k.
 */
import { scoreOfTerms, varianceShare, type MeanTerms } from './jaq.js';
import { frontOf } from './pareto.js';
import { kWeighs } from './registry.js';

/** score(k) = intercept + slope * k. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/** The line `index` is the highest from k = `from` to k = `to`. */
export interface EnvelopePart {
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Weights of TC and IQ at k: those of a search with this k, whose scores they give bit for bit.
 *
 * @param type of the objective; a sum without a k of its own is ranked as TC + k * IQ
 * @param hasText whether the objective has a text term; without one, k has no effect
 */
export function weightsAt(type: string, k: number, hasText: boolean): readonly [number, number] {
  if (kWeighs(type) === 'text') return [k, 1];
  return hasText ? [1, k] : [0, 1];
}

/** A candidate's score as a function of k; a missing term adds nothing. */
export function lineOf(type: string, { tc, iq }: MeanTerms): Line {
  if (tc === null || iq === null) return { intercept: tc ?? iq ?? NaN, slope: 0 };
  return kWeighs(type) === 'text' ? { intercept: iq, slope: tc } : { intercept: tc, slope: iq };
}

/** Scores at one k, and the candidates' indices from best to worst; of equal scores the earlier is better, as in a search. */
export interface Ranking {
  readonly scores: readonly number[];
  readonly order: readonly number[];
}

/** Ranks by weights[0] * TC + weights[1] * IQ. */
export function rankTerms(terms: readonly MeanTerms[], weights: readonly [number, number]): Ranking {
  const scores = terms.map((one) => scoreOfTerms({ weights }, one));
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return { scores, order };
}

/**
 * The highest line at every k from 0 to infinity, as parts that follow each other.
 *
 * A walk: from the highest line the envelope turns at the first crossing with a steeper line; if
 * several cross in one point it turns into the steepest. Of equal lines the first is listed. Parts
 * have a length, but for the first: at k = 0 the first of equal intercepts counts, as in
 * `rankTerms`, though a steeper one is ahead of it at once.
 *
 * @returns no part for no lines; the last part ends at Infinity
 */
export function upperEnvelope(lines: readonly Line[]): EnvelopePart[] {
  const parts: EnvelopePart[] = [];
  let current = -1;
  lines.forEach(({ intercept }, i) => {
    if (current < 0 || intercept > lines[current]!.intercept) current = i;
  });
  let from = 0;
  while (current >= 0) {
    const { intercept, slope } = lines[current]!;
    let next = -1;
    let to = Infinity;
    lines.forEach((line, i) => {
      if (!(line.slope > slope)) return;
      const crossing = Math.max(from, (intercept - line.intercept) / (line.slope - slope));
      if (crossing < to || (crossing === to && next >= 0 && line.slope > lines[next]!.slope)) {
        [next, to] = [i, crossing];
      }
    });
    if (to > from || parts.length === 0) parts.push({ index: current, from, to });
    current = next;
    from = to;
  }
  return parts;
}

/** The winner changes at this k. */
export interface WinnerChange {
  readonly k: number;
  readonly from: number;
  readonly to: number;
}

/** Where the winner changes from `low` to `high`, both included. */
export function winnerChanges(parts: readonly EnvelopePart[], low: number, high: number): WinnerChange[] {
  return parts.flatMap((part, i) => {
    const next = parts[i + 1];
    return next !== undefined && part.to >= low && part.to <= high
      ? [{ k: part.to, from: part.index, to: next.index }]
      : [];
  });
}

/**
 * Candidates that no other beats in one term without losing in the other, from the most text to
 * the most quality. Of equal candidates only the first is listed. Missing terms count as equal.
 */
export const paretoFront = (terms: readonly MeanTerms[]): number[] =>
  frontOf(terms.map(({ tc, iq }) => [tc ?? 0, iq ?? 0]));

/**
 * Share of the score's variance over candidates that each term contributes, at these weights. Weights whose squares
 * are no longer finite are made smaller together first, which changes no share.
 */
export function shareOfTerms(
  terms: readonly MeanTerms[],
  [text, quality]: readonly [number, number],
): { tc: number; iq: number } {
  const at = (scale: number): { tc: number; iq: number } =>
    varianceShare(
      terms.map(({ tc }) => (text / scale) * (tc ?? 0)),
      terms.map(({ iq }) => iq ?? 0),
      quality / scale,
    );
  const share = at(1);
  return share.tc + share.iq > 0.5 || Math.max(text, quality) < 1e100 ? share : at(Math.max(text, quality));
}
