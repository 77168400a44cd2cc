/**
 * Numbers as people read them, written the same way in every command.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { GainInterval } from '../../contract/search-result.js';

/** The two ends of an interval. */
interface Ends {
  readonly low: number;
  readonly high: number;
}

/** A number, or `-` if there is none. */
export const fixed = (value: number | null | undefined, digits = 4): string => value?.toFixed(digits) ?? '-';

/** A gain with its sign. */
export const signed = (value: number, digits = 4): string => `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`;

/** `[+0.0100, +0.0900]` */
export const signedInterval = ({ low, high }: Ends, digits = 4): string =>
  `[${signed(low, digits)}, ${signed(high, digits)}]`;

/** `0.5000 [0.4000, 0.6000]`; `-` without a value, the value alone without an interval. */
export function spread(
  value: number | null | undefined,
  low: number | null | undefined,
  high: number | null | undefined,
  digits = 4,
  show: (value: number, digits: number) => string = fixed,
): string {
  if (value === null || value === undefined) return '-';
  const ends =
    typeof low === 'number' && typeof high === 'number' ? ` [${show(low, digits)}, ${show(high, digits)}]` : '';
  return `${show(value, digits)}${ends}`;
}

/** A probability as a percentage. A bootstrap with 10,000 resamples cannot tell 99.9 % from certainty. */
export function probability(value: number): string {
  if (value > 0.999) return '> 99.9 %';
  return value < 0.001 ? '< 0.1 %' : `${(100 * value).toFixed(1)} %`;
}

/** Heads of `gainCells`. */
export const GAIN_HEADS = ['baseline', 'finalist', 'gain', '95 % percentile', '95 % studentised', 'P(gain > 0)'];

/** A gain as cells of a table. */
export const gainCells = (gain: GainInterval): string[] => [
  fixed(gain.identity),
  fixed(gain.calibrated),
  signed(gain.gain),
  signedInterval(gain.percentile),
  signedInterval(gain.studentised),
  probability(gain.probabilityOfGain),
];

/** c^x and c^eps, one line each. */
export const coefficientLines = ({ sample, noise }: Coefficients, indent = '  '): string[] => [
  `${indent}c^x   [${sample.map((value) => fixed(value)).join(', ')}]`,
  `${indent}c^eps [${noise.map((value) => fixed(value)).join(', ')}]`,
];
