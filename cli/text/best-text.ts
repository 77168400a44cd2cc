/**
 * What a search found, for people.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { bestCoefficients, repairSplit } from '../../db/schema.js';
import { coefficientLines, fixed, signed, signedInterval } from '../../report/text/numbers.js';
import { storedRepairLines } from './repair-text.js';

type Stored = typeof bestCoefficients.$inferSelect;
type Split = typeof repairSplit.$inferSelect;

/** Columns that are JSON lists in the view. */
const LISTS = ['sample', 'noise', 'searchedSample', 'searchedNoise', 'finalistSample', 'finalistNoise'] as const;
type Lists = Record<(typeof LISTS)[number], number[] | null>;

/** A row of the view `best_coefficients` with its lists parsed, and those of `repair_split` for the same search. */
export type BestRow = Omit<Stored, keyof Lists> & Lists & { readonly repair: readonly Split[] };

/** @param splits rows of the view `repair_split`, of any searches */
export const parseBest = (row: Stored, splits: readonly Split[]): BestRow => ({
  ...row,
  repair: splits.filter(({ searchId }) => searchId === row.searchId),
  ...(Object.fromEntries(
    LISTS.map((name) => [name, row[name] === null ? null : (JSON.parse(row[name]) as number[])]),
  ) as Lists),
});

const RECOMMENDED: Readonly<Record<string, string>> = {
  calibrated: 'the finalist',
  identity: 'the baseline (leave the scheduler as it is)',
  none: 'nothing',
};

/** The finalist with its verdict, and the best calibration candidate if that is another one; without a verdict the latter. */
export function bestText(row: BestRow): string {
  const { searchId, status, verdict } = row;
  const best = pair(row.searchedSample, row.searchedNoise);
  const finalist = pair(row.finalistSample, row.finalistNoise);
  const calibration = `${fixed(row.searchedScore)} (baseline ${fixed(row.identityScore)})`;
  const bestLines = best === null ? [] : coefficientLines(best, '    ');
  if (finalist === null) {
    return [
      `${searchId}: no verdict yet (${status})`,
      `  best candidate on the calibration prompts so far: ${calibration}`,
      ...bestLines,
    ].join('\n');
  }
  const again = status === 'finished' ? '' : ` (from its previous result; now it is ${status})`;
  const lines = [
    `${searchId}: recommended: ${RECOMMENDED[verdict ?? 'none']}${again}`,
    `  finalist${heldOutOf(row)}`,
    ...coefficientLines(finalist, '    '),
    ...storedRepairLines(row.repair, '  '),
  ];
  return JSON.stringify(best) === JSON.stringify(finalist)
    ? [...lines, `  it is also the best candidate on the calibration prompts: ${calibration}`].join('\n')
    : [...lines, `  best candidate on the calibration prompts, not confirmed: ${calibration}`, ...bestLines].join('\n');
}

const pair = (sample: number[] | null, noise: number[] | null): Coefficients | null =>
  sample === null || noise === null ? null : { sample, noise };

function heldOutOf({ heldOutGain: gain, heldOutLow: low, heldOutHigh: high }: BestRow): string {
  return gain === null || low === null || high === null
    ? ''
    : `: held-out gain ${signed(gain)} ${signedInterval({ low, high })}`;
}
