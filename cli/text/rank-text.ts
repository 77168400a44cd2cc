/**
 * A ranking: the body of `qsched rank --json`, and its text for people.
 */
import { coefficientLines, fixed, signed } from '../../report/text/numbers.js';
import { scoreFormula, usesK } from '../../report/text/objective-text.js';
import { textTable } from './table-document.js';
import type { RankedTrial } from '../../db/ranking.js';
import { stepCount } from '../../contract/step-count.js';

/** A trial of one of the searches; 0 is its baseline. */
export interface TrialName {
  readonly search: string;
  readonly trial: number;
}

/** A trial with its score at one k. */
export interface RankedScore extends RankedTrial {
  readonly score: number;
}

/** The ranking at one k. */
export interface RankingAt {
  readonly k: number;
  readonly winner: RankedScore;
  /** Score above the baseline of the winner's search; null if that is not scored. */
  readonly aboveIdentity: number | null;
  /** The winner of its search by that search's own objective; trial 0 if no candidate was above the baseline. */
  readonly ownWinner: TrialName;
  readonly differs: boolean;
  /** The share of each term in the variance of the score over the candidates. */
  readonly varianceShare: { readonly tc: number; readonly iq: number };
  /** The best `--top` candidates, the winner first. */
  readonly top: readonly RankedScore[];
}

/** The body of `qsched rank --json`. */
export interface RankDocument {
  readonly searches: readonly {
    readonly id: string;
    readonly status: string;
    readonly model: string;
    readonly precision: string;
    readonly steps: number;
    readonly k: number;
    readonly scored: number;
    /** Numbers of candidates that were raced out on part of the prompts: their terms are estimates. */
    readonly raced: readonly number[];
    /** (prompt, seed) pairs of a whole score. */
    readonly pairs: number;
    readonly open: number;
    readonly failed: readonly number[];
  }[];
  readonly objective: string;
  /** Weights of the scores in text and quality; null unless the objective is a weighted sum. */
  readonly weights: Readonly<Record<string, number>> | null;
  /** The CLIP-IQA pair used as image quality; null for the objective's own. */
  readonly pair: string | null;
  readonly ks: readonly RankingAt[];
  /** Changes of the winner between the smallest and the largest k. */
  readonly changes: readonly { readonly k: number; readonly from: TrialName; readonly to: TrialName }[];
  /** From the most text to the most quality, the baseline included; `wins` is null if it wins at no k, `to` for "and above". */
  readonly pareto: readonly (RankedTrial & {
    readonly wins: { readonly from: number; readonly to: number | null } | null;
  })[];
  readonly notes: readonly string[];
}

const lostOf = (raced: readonly number[], failed: readonly number[]): string =>
  (raced.length === 0 ? '' : `, ${raced.length} of them raced out (~: estimates from the images that they have)`) +
  (failed.length === 0 ? '' : `, ${failed.length} failed: ${failed.map((trial) => `#${trial}`).join(' ')}`);
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
/** A k to 6 significant digits, without trailing zeros. */
const weight = (k: number): string => String(Number(k.toPrecision(6)));

/** Searches, the winner at every k, where it changes, the Pareto front. */
export function rankText(document: RankDocument): string {
  const { searches, objective, weights, pair, ks, changes, pareto, notes } = document;
  const several = searches.length > 1;
  const estimated = new Map(searches.map(({ id, raced }) => [id, new Set(raced)]));
  const name = ({ search, trial }: TrialName): string =>
    `${several ? `${search} ` : ''}${trial === 0 ? 'baseline' : `${estimated.get(search)?.has(trial) ? '~' : ''}#${trial}`}`;
  const top = ks.flatMap((one) => (one.top.length > 1 ? one.top.map((trial, i) => rankRow(one, trial, i, name)) : []));
  const winners = new Map<string, RankedScore>(ks.map(({ winner }) => [name(winner), winner]));
  const terms = ks[0]!.winner;
  const objectiveOf = (k: number): string =>
    usesK(objective) ? `k = ${k}` : `score = ${scoreFormula({ type: objective, k, weights }, terms)}`;
  return [
    ...searches.map(
      ({ id, status, model, precision, steps, k, scored, raced, failed }) =>
        `${id}: ${model} ${precision}, ${stepCount(steps)}, searched with ${objectiveOf(k)}, ${status}; ` +
        `${scored} candidates ranked${lostOf(raced, failed)}`,
    ),
    ...notes.map((note) => `  ${note}`),
    '',
    textTable([
      ['k', 'winner', 'text', 'quality', 'score', 'over baseline', 'share of variance', "the search's own winner"],
      ...ks.map((one) => winnerRow(one, name)),
    ]),
    `  score = ${scoreFormula({ type: objective, k: 'k' }, terms)}${pair === null ? '' : ` (CLIP-IQA ${pair})`}, ${meaning(terms)}`,
    '',
    ...(top.length > 0 ? [textTable([['k', 'place', 'candidate', 'text', 'quality', 'score'], ...top]), ''] : []),
    ...[...winners].flatMap(([label, { coefficients }]) => {
      const [sample, noise] = coefficientLines(coefficients, '');
      return [`${label}  ${sample}`, `${' '.repeat(label.length)}  ${noise}`];
    }),
    '',
    ...(changes.length === 0
      ? [sameWinner(ks, name)]
      : changes.map(({ k, from, to }) => `At k = ${weight(k)} the winner changes from ${name(from)} to ${name(to)}.`)),
    '',
    textTable([
      ['Pareto front', 'text', 'quality', 'wins at k'],
      ...pareto.map((one) => [name(one), fixed(one.tc), fixed(one.iq), range(one.wins)]),
    ]),
  ].join('\n');
}

/** What the score is computed on; shares of the variance only if there are two terms. */
function meaning({ tc, iq }: RankedScore): string {
  const both = tc !== null && iq !== null;
  return `on the calibration prompts${both ? '; share of variance: of text and of quality' : ''}`;
}

function sameWinner(ks: readonly RankingAt[], name: (one: TrialName) => string): string {
  const [low, high] = [weight(ks[0]!.k), weight(ks.at(-1)!.k)];
  if (ks.length === 1) return `The winner at k = ${low} is ${name(ks[0]!.winner)}.`;
  return `The winner is the same from k = ${low} to ${high}.`;
}

function winnerRow(
  { k, winner, aboveIdentity, ownWinner, differs, varianceShare }: RankingAt,
  name: (one: TrialName) => string,
): string[] {
  return [
    weight(k),
    name(winner),
    fixed(winner.tc),
    fixed(winner.iq),
    fixed(winner.score),
    aboveIdentity === null ? '-' : signed(aboveIdentity),
    `${percent(varianceShare.tc)} / ${percent(varianceShare.iq)}`,
    differs ? `differs: ${name(ownWinner)}` : 'the same',
  ];
}

function rankRow({ k }: RankingAt, trial: RankedScore, place: number, name: (one: TrialName) => string): string[] {
  return [weight(k), String(place + 1), name(trial), fixed(trial.tc), fixed(trial.iq), fixed(trial.score)];
}

function range(wins: { from: number; to: number | null } | null): string {
  if (wins === null) return 'none';
  return wins.to === null ? `${weight(wins.from)} and above` : `${weight(wins.from)} to ${weight(wins.to)}`;
}
