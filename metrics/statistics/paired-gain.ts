/**
 * The gain of one row of images over another, in one score, paired by prompt and seed: what verdicts, tables and
 * confirmations are made of.
 */
import type { GainInterval } from '../../contract/search-result.js';
import { pairedBootstrap, type Interval } from './bootstrap.js';
import { mean } from './statistics.js';

/** Scores of images, prompts x seeds. */
export type Clusters = readonly (readonly number[])[];

/** A gain with its intervals, and the one-sided p-value of "no gain". */
export interface PairedGain {
  readonly gain: GainInterval;
  readonly pValue: number;
}

/** Draws of the bootstrap. */
const RESAMPLES = 10_000;

/**
 * @param identity scores of the row that is compared with
 * @param calibrated scores of the other, of the same prompts and seeds in the same order
 * @throws QschedError (failure) for fewer than two prompts, or a score that is not finite
 */
export function pairedGain(scorer: string, identity: Clusters, calibrated: Clusters): PairedGain {
  const {
    mean: gain,
    percentile,
    studentised,
    probabilityOfGain,
    pValue,
  } = pairedBootstrap(differences(identity, calibrated), { resamples: RESAMPLES, seed: 0 });
  const means = { identity: mean(identity.flat()), calibrated: mean(calibrated.flat()) };
  const prompts = identity.length;
  return { gain: { scorer, prompts, ...means, gain, percentile, studentised, probabilityOfGain }, pValue };
}

/** The mean gain alone, as `pairedGain` has it: a prompt counts once. One prompt is enough. */
export const meanGain = (identity: Clusters, calibrated: Clusters): number =>
  mean(differences(identity, calibrated).map((cluster) => mean(cluster)));

const differences = (identity: Clusters, calibrated: Clusters): number[][] =>
  calibrated.map((values, p) => values.map((value, s) => value - identity[p]![s]!));

/** The wider of the two intervals: the one that verdicts go by. */
export const widest = ({ percentile, studentised }: Pick<GainInterval, 'percentile' | 'studentised'>): Interval => ({
  low: Math.min(percentile.low, studentised.low),
  high: Math.max(percentile.high, studentised.high),
});
