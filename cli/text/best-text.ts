/**
 * What a search found, as a person reads it.
 */
import type { bestCoefficients } from '../../db/schema.js';
import { coefficientLines, fixed, signed, signedInterval } from './numbers.js';

type Stored = typeof bestCoefficients.$inferSelect;
type Lists = Record<'sample' | 'noise', number[]> & Record<'finalistSample' | 'finalistNoise', number[] | null>;

/** A row of the view `best_coefficients`, its coefficients read. */
export type BestRow = Omit<Stored, keyof Lists> & Lists;

/** The finalist with its verdict, and the best of the calibration where that is another; before that the best alone. */
export function bestText(row: BestRow): string {
  const { searchId, status, recommend, sample, noise, finalistSample, finalistNoise } = row;
  const best = { sample, noise };
  const calibration = `${fixed(row.score)} (identity ${fixed(row.identityScore)})`;
  if (finalistSample === null || finalistNoise === null) {
    return [
      `${searchId}: recommended: not yet (${status})`,
      `  best on the calibration prompts so far: ${calibration}`,
      ...coefficientLines(best, '    '),
    ].join('\n');
  }
  const again = status === 'finished' ? '' : ` (by its last result; it is ${status} now)`;
  const finalist = { sample: finalistSample, noise: finalistNoise };
  const lines = [
    `${searchId}: recommended: ${recommend ?? 'nothing'}${again}`,
    `  finalist, which the recommendation is about${heldOutOf(row)}`,
    ...coefficientLines(finalist, '    '),
  ];
  if (JSON.stringify(best) === JSON.stringify(finalist)) {
    return [...lines, `  best on the calibration prompts too: ${calibration}`].join('\n');
  }
  return [
    ...lines,
    `  best on the calibration prompts, not confirmed: ${calibration}`,
    ...coefficientLines(best, '    '),
  ].join('\n');
}

function heldOutOf({ heldOutGain: gain, heldOutLow: low, heldOutHigh: high }: BestRow): string {
  return gain === null || low === null || high === null
    ? ''
    : `: held-out gain ${signed(gain)} ${signedInterval({ low, high })}`;
}
