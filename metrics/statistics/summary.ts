/**
 * One row of an evaluation in numbers: means with intervals clustered by prompt, and gains over
 * another row, paired by prompt and seed.
 */
import type { GainInterval } from '../../spec/payloads.js';
import type { ObjectivePlan } from '../../spec/objective-plan.js';
import { MINIMUM_PROMPTS, pairedBootstrap } from './bootstrap.js';
import { createObjective, type Row } from '../objectives/jaq.js';
import { verdict, type Recommendation } from './verdict.js';

/** Terms of one row's pictures, in prompt-then-seed order. */
export interface TermTable {
  readonly prompts: number;
  readonly seeds: number;
  /** Pictures x names; a scorer fails on a picture where one of its values is not finite. */
  readonly scorers: readonly { readonly scorer: string; readonly names: readonly string[]; readonly values: Float64Array }[];
}

/** A mean and its interval of 95 %. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** What is judged by, under the name that a gain bears. */
export interface Judged { readonly scorer: string; readonly plan: ObjectivePlan }

/** Gains in every scorer, the objective's first, and what they recommend. */
export interface Comparison extends Recommendation {
  readonly gains: readonly GainInterval[];
  /** One-sided p-value of "no gain" in the objective; null where nothing could be compared. */
  readonly pValue: number | null;
  /** Prompts that were left out because a picture failed. */
  readonly lost: number;
}

/** Draws for the interval of a gain, and of a mean. */
const GAIN_RESAMPLES = 10_000;
const MEAN_RESAMPLES = 2000;

/** Whether each picture has finite terms of every scorer named. */
export function finishedPictures(table: TermTable, scorers: readonly string[] = table.scorers.map(({ scorer }) => scorer)): boolean[] {
  const used = table.scorers.filter(({ scorer }) => scorers.includes(scorer));
  return Array.from({ length: table.prompts * table.seeds }, (_, i) => used.every(({ names, values }) => values.subarray(i * names.length, (i + 1) * names.length).every(Number.isFinite)));
}

/**
 * Mean of every term, `term@scorer`, over the pictures that its scorer did not fail on, with the
 * percentile interval of a bootstrap over prompts. A prompt counts once.
 *
 * @returns without the terms that fewer than two prompts have
 */
export function meanScores(table: TermTable): Record<string, MeanInterval> {
  const scores: Record<string, MeanInterval> = {};
  for (const { scorer, names, values } of table.scorers) {
    const ok = finishedPictures(table, [scorer]);
    names.forEach((name, column) => {
      const clusters = clustersOver(table, ok, (i) => values[i * names.length + column]!);
      if (clusters.length < 2) return;
      const { mean, percentile } = pairedBootstrap(clusters, { resamples: MEAN_RESAMPLES, seed: 0 });
      scores[`${name}@${scorer}`] = { mean, ...percentile };
    });
  }
  return scores;
}

/** The objective and its terms over the pictures that have all of them; nulls where there are none. */
export function objectiveOf(table: TermTable, plan: ObjectivePlan): { objective: number | null; tc: number | null; iq: number | null } {
  const objective = createObjective(plan);
  const ok = finishedPictures(table, objective.scorers);
  const rows = ok.flatMap((fine, i) => (fine ? [rowAt(table, i)] : []));
  if (rows.length === 0) return { objective: null, tc: null, iq: null };
  return { objective: objective.score(rows), ...objective.terms(rows) };
}

/**
 * Gains of a row over the identity. Prompts with a failed picture in either are left out, and the row
 * is then not recommended.
 *
 * @param judged the objective first, then what each scorer outside it judges by
 */
export function compareRows(row: TermTable, identity: TermTable, judged: readonly Judged[]): Comparison {
  const scorers = [...new Set(judged.flatMap(({ plan }) => createObjective(plan).scorers))];
  const ok = [row, identity].map((table) => finishedPictures(table, scorers));
  const { seeds } = row;
  const whole = Array.from({ length: row.prompts }, (_, p) => p).filter((p) => Array.from({ length: seeds }, (_, s) => p * seeds + s).every((i) => ok.every((list) => list[i])));
  const lost = row.prompts - whole.length;
  if (whole.length < 2) return { gains: [], pValue: null, lost, recommend: 'none', reason: `Only ${whole.length} of ${row.prompts} prompts have every picture.` };
  let pValue: number | null = null;
  const gains = judged.map(({ scorer, plan }): GainInterval => {
    const objective = createObjective(plan);
    const [after, before] = [row, identity].map((table) => whole.map((p) => Array.from({ length: seeds }, (_, s) => objective.perImage(rowAt(table, p * seeds + s)))));
    const clusters = after!.map((values, p) => values.map((value, s) => value - before![p]![s]!));
    const { mean, percentile, studentised, probabilityOfGain, pValue: own } = pairedBootstrap(clusters, { resamples: GAIN_RESAMPLES, seed: 0 });
    pValue ??= own;
    return { scorer, prompts: whole.length, identity: average(before!.flat()), calibrated: average(after!.flat()), gain: mean, percentile, studentised, probabilityOfGain };
  });
  const { recommend, reason } = verdict(gains);
  if (lost === 0 || whole.length < MINIMUM_PROMPTS) return { gains, pValue, lost, recommend, reason };
  return { gains, pValue, lost, recommend: recommend === 'calibrated' ? 'identity' : recommend, reason: `${lost} of ${row.prompts} prompts have pictures that failed. ${reason}` };
}

function rowAt({ scorers }: TermTable, i: number): Row {
  return Object.fromEntries(scorers.map(({ scorer, names, values }) => [scorer, Object.fromEntries(names.map((name, k) => [name, values[i * names.length + k]!]))]));
}

/** Values by prompt; prompts without any are left out. */
function clustersOver({ prompts, seeds }: TermTable, ok: readonly boolean[], valueOf: (i: number) => number): number[][] {
  return Array.from({ length: prompts }, (_, p) => Array.from({ length: seeds }, (_, s) => p * seeds + s).filter((i) => ok[i]).map(valueOf)).filter((cluster) => cluster.length > 0);
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
