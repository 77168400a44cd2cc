/**
 * The gain of one row of images over another in one score, paired by prompt and seed. Verdicts, tables and
 * confirmations are all based on it.
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

/** Resamples of the bootstrap. */
export const RESAMPLES = 10_000;

/**
 * @param baseline scores of the row to compare with
 * @param calibrated scores of the other row, for the same prompts and seeds in the same order
 * @throws QschedError (failure) for fewer than two prompts, or a score that is not finite
 */
export function pairedGain(scorer: string, baseline: Clusters, calibrated: Clusters): PairedGain {
  const {
    mean: gain,
    percentile,
    studentised,
    probabilityOfGain,
    pValue,
  } = pairedBootstrap(differences(baseline, calibrated), { resamples: RESAMPLES, seed: 0 });
  const means = { identity: mean(baseline.flat()), calibrated: mean(calibrated.flat()) };
  const intervals = { ...widest({ percentile, studentised }), percentile, studentised };
  return { gain: { scorer, prompts: baseline.length, ...means, gain, ...intervals, probabilityOfGain }, pValue };
}

/** The mean gain alone, as computed by `pairedGain`: each prompt counts once. One prompt is enough. */
export const meanGain = (baseline: Clusters, calibrated: Clusters): number => mean(promptGains(baseline, calibrated));

/** The mean gain of each prompt. */
export const promptGains = (baseline: Clusters, calibrated: Clusters): number[] =>
  differences(baseline, calibrated).map((cluster) => mean(cluster));

const differences = (baseline: Clusters, calibrated: Clusters): number[][] =>
  calibrated.map((values, p) => values.map((value, s) => value - baseline[p]![s]!));

/** The wider of the two intervals, end by end: `low` and `high` of a GainInterval. Results stored by 0.1.0 lack them. */
export const widest = ({ percentile, studentised }: Pick<GainInterval, 'percentile' | 'studentised'>): Interval => ({
  low: Math.min(percentile.low, studentised.low),
  high: Math.max(percentile.high, studentised.high),
});
