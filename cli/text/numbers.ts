/**
 * Numbers as people read them, written one way in every command.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { GainInterval } from '../../contract/search-result.js';

/** A number; `-` where there is none. */
export const fixed = (value: number | null | undefined, digits = 4): string => value?.toFixed(digits) ?? '-';

/** A gain, with its sign. */
export const signed = (value: number, digits = 4): string => `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`;

/** `[+0.0100, +0.0900]` */
export const signedInterval = ({ low, high }: { readonly low: number; readonly high: number }, digits = 4): string =>
  `[${signed(low, digits)}, ${signed(high, digits)}]`;

/** Heads of `gainCells`. */
export const GAIN_HEADS = [
  'identity',
  'calibrated',
  'gain',
  '95 % percentile',
  '95 % studentised',
  'probability of a gain',
];

/** A gain as cells of a table. */
export const gainCells = ({
  identity,
  calibrated,
  gain,
  percentile,
  studentised,
  probabilityOfGain,
}: GainInterval): string[] => [
  fixed(identity),
  fixed(calibrated),
  signed(gain),
  signedInterval(percentile),
  signedInterval(studentised),
  `${(100 * probabilityOfGain).toFixed(1)} %`,
];

/** c^x and c^eps, a line each. */
export const coefficientLines = ({ sample, noise }: Coefficients, indent = '  '): string[] => [
  `${indent}c^x   [${sample.map((value) => fixed(value)).join(', ')}]`,
  `${indent}c^eps [${noise.map((value) => fixed(value)).join(', ')}]`,
];
