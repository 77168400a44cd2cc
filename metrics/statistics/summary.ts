/**
 * The numbers of one row of an evaluation: means with intervals clustered by prompt, and gains over
 * another row, paired by prompt and seed.
 */
import type { GainInterval } from '../../contract/search-result.js';
import { scorersOf, type ObjectivePlan } from '../../contract/objective-plan.js';
import { MINIMUM_PROMPTS, pairedBootstrap } from './bootstrap.js';
import { createObjective, type Row } from '../objectives/jaq.js';
import { pairedGain } from './paired-gain.js';
import { mean } from './statistics.js';
import { verdict, type Recommendation } from './verdict.js';

/** Terms of one row's images, in prompt-then-seed order. */
export interface TermTable {
  readonly prompts: number;
  readonly seeds: number;
  /** Images x names; a scorer failed on an image if one of its values is not finite. */
  readonly scorers: readonly {
    readonly scorer: string;
    readonly names: readonly string[];
    readonly values: Float64Array;
  }[];
}

/** A mean and its interval of 95 %. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** An objective with the name under which its gain is reported. */
export interface Judged {
  readonly scorer: string;
  readonly plan: ObjectivePlan;
}

/** Gains in every scorer, the objective's first, and the recommendation. */
export interface Comparison extends Recommendation {
  readonly gains: readonly GainInterval[];
  /**
   * One-sided p-value of "not a gain in every score": the largest p-value of the scores, an intersection-union test
   * (Berger 1982). Null if nothing could be compared.
   */
  readonly pValue: number | null;
  /** Prompts left out because an image, or a scorer on it, failed in either row. */
  readonly lost: number;
}

/** Resamples for the interval of a mean. */
const MEAN_RESAMPLES = 2000;

/** Whether each image has finite terms of all the given scorers. */
export function finishedImages(
  table: TermTable,
  scorers: readonly string[] = table.scorers.map(({ scorer }) => scorer),
): boolean[] {
  const used = table.scorers.filter(({ scorer }) => scorers.includes(scorer));
  return Array.from({ length: table.prompts * table.seeds }, (_, i) =>
    used.every(({ names, values }) => values.subarray(i * names.length, (i + 1) * names.length).every(Number.isFinite)),
  );
}

/**
 * Mean of every term, `term@scorer`, over the images on which its scorer did not fail, with the
 * percentile interval of a bootstrap over prompts. Each prompt counts once.
 *
 * @returns terms available for at least two prompts
 */
export function meanScores(table: TermTable): Record<string, MeanInterval> {
  const scores: Record<string, MeanInterval> = {};
  for (const { scorer, names, values } of table.scorers) {
    const ok = finishedImages(table, [scorer]);
    names.forEach((name, column) => {
      const clusters = clustersOver(table, ok, (i) => values[i * names.length + column]!);
      if (clusters.length < 2) return;
      const result = pairedBootstrap(clusters, { resamples: MEAN_RESAMPLES, seed: 0 });
      scores[`${name}@${scorer}`] = { mean: result.mean, ...result.percentile };
    });
  }
  return scores;
}

/** The objective of a row, its 95 % interval and its terms. */
export interface ObjectiveNumbers {
  readonly objective: number | null;
  readonly objectiveLow: number | null;
  readonly objectiveHigh: number | null;
  readonly tc: number | null;
  readonly iq: number | null;
}

/**
 * The objective and its terms over the images that have all of them; nulls if there are none. The interval is null
 * if the objective is not a mean over images (`textOfMean` is not `itself`), or if fewer than two prompts are left.
 */
export function objectiveOf(table: TermTable, plan: ObjectivePlan): ObjectiveNumbers {
  const objective = createObjective(plan);
  const ok = finishedImages(table, objective.scorers);
  const rows = ok.flatMap((fine, i) => (fine ? [rowAt(table, i)] : []));
  if (rows.length === 0) return { objective: null, objectiveLow: null, objectiveHigh: null, tc: null, iq: null };
  const { low, high } =
    plan.textOfMean === 'itself'
      ? imageInterval(table, ok, (i) => objective.perImage(rowAt(table, i)))
      : { low: null, high: null };
  return { objective: objective.score(rows), objectiveLow: low, objectiveHigh: high, ...objective.terms(rows) };
}

/** CLIPScore as in torchmetrics, max(0, 100 * mean cosine), over the images on which the scorer did not fail. */
export interface ClipScoreNumbers {
  readonly clipScore: number | null;
  readonly clipScoreLow: number | null;
  readonly clipScoreHigh: number | null;
}

/** @param own the preferred scorer; if it has no cosine, the first scorer with one is used */
export function clipScoreOf(table: TermTable, own: string): ClipScoreNumbers {
  const inOrder = [...table.scorers].sort((a, b) => Number(b.scorer === own) - Number(a.scorer === own));
  const found = inOrder.find(({ names }) => names.includes('cosine'));
  const ok = found === undefined ? [] : finishedImages(table, [found.scorer]);
  const images = ok.filter(Boolean).length;
  if (found === undefined || images === 0) return { clipScore: null, clipScoreLow: null, clipScoreHigh: null };
  const { names, values } = found;
  const cosineAt = (i: number): number => values[i * names.length + names.indexOf('cosine')]!;
  const sum = ok.reduce((total, fine, i) => (fine ? total + cosineAt(i) : total), 0);
  const { low, high } = imageInterval(table, ok, (i) => 100 * cosineAt(i));
  return {
    clipScore: Math.max(0, (100 * sum) / images),
    clipScoreLow: low === null ? null : Math.max(0, low),
    clipScoreHigh: high === null ? null : Math.max(0, high),
  };
}

/**
 * The percentile interval of a mean over images, from a bootstrap over prompts; nulls for fewer than two prompts. With
 * n_p finished images of prompt p, m the mean of n_p and M the mean over all images, the values
 * M + n_p / m * (mean_p - M) are resampled: their mean is M itself, and they equal mean_p if no image failed.
 */
function imageInterval(
  table: TermTable,
  ok: readonly boolean[],
  valueOf: (i: number) => number,
): { low: number | null; high: number | null } {
  const clusters = clustersOver(table, ok, valueOf);
  if (clusters.length < 2) return { low: null, high: null };
  const all = clusters.flat();
  const overall = mean(all);
  const each = all.length / clusters.length;
  const drawn = clusters.map((values) =>
    values.length === each ? values : [overall + (values.length / each) * (mean(values) - overall)],
  );
  return pairedBootstrap(drawn, { resamples: MEAN_RESAMPLES, seed: 0 }).percentile;
}

/**
 * Gains of a row over the baseline. Prompts that lack an image or a score in either row are left out, and the row
 * is then not recommended. Nor is a row whose coefficients were chosen with some of these prompts.
 *
 * @param judged the objective first, then the objectives of the other scorers
 * @param seen number of these prompts that the search behind the row used: if any, there is no verdict and no p-value
 */
export function compareRows(row: TermTable, baseline: TermTable, judged: readonly Judged[], seen = 0): Comparison {
  const whole = wholePrompts([row, baseline], judged);
  const lost = row.prompts - whole.length;
  if (whole.length < 2) {
    const reason = `Only ${whole.length} of ${row.prompts} prompts have every image and every score.`;
    return { gains: [], pValue: null, lost, recommend: 'none', reason };
  }
  const results = judged.map(({ scorer, plan }) => {
    const objective = createObjective(plan);
    const [before, after] = [baseline, row].map((table) =>
      whole.map((p) => pairsOf(p, table.seeds).map((i) => objective.perImage(rowAt(table, i)))),
    );
    return pairedGain(scorer, before!, after!);
  });
  const gains = results.map(({ gain }) => gain);
  const { recommend, reason } = verdict(gains);
  if (seen > 0) {
    const why = `${seen} of these ${row.prompts} prompts were used to choose the coefficients: this is not a held-out gain.`;
    return { gains, pValue: null, lost, recommend: 'none', reason: why };
  }
  const pValue = results.reduce((largest, { pValue: own }) => Math.max(largest, own), 0);
  if (lost === 0 || whole.length < MINIMUM_PROMPTS) return { gains, pValue, lost, recommend, reason };
  return {
    gains,
    pValue,
    lost,
    recommend: recommend === 'calibrated' ? 'identity' : recommend,
    reason: `${lost} of ${row.prompts} prompts lack an image or a score. ${reason}`,
  };
}

/** Prompts whose images have every term that the objectives need, in all tables. */
function wholePrompts(tables: readonly TermTable[], judged: readonly Judged[]): number[] {
  const scorers = [...new Set(judged.flatMap(({ plan }) => scorersOf(plan)))];
  const ok = tables.map((table) => finishedImages(table, scorers));
  const { prompts, seeds } = tables[0]!;
  const every = (p: number): boolean => pairsOf(p, seeds).every((i) => ok.every((list) => list[i]));
  return Array.from({ length: prompts }, (_, p) => p).filter(every);
}

/** Indices of the images of a prompt. */
const pairsOf = (prompt: number, seeds: number): number[] =>
  Array.from({ length: seeds }, (_, s) => prompt * seeds + s);

/** The terms of one image, by scorer. */
export function rowAt({ scorers }: TermTable, i: number): Row {
  return Object.fromEntries(
    scorers.map(({ scorer, names, values }) => [
      scorer,
      Object.fromEntries(names.map((name, k) => [name, values[i * names.length + k]!])),
    ]),
  );
}

/** Values by prompt; prompts without any are left out. */
function clustersOver(
  { prompts, seeds }: TermTable,
  ok: readonly boolean[],
  valueOf: (i: number) => number,
): number[][] {
  return Array.from({ length: prompts }, (_, p) =>
    pairsOf(p, seeds)
      .filter((i) => ok[i])
      .map(valueOf),
  ).filter((cluster) => cluster.length > 0);
}
