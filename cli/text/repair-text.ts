/**
 * The split of a gain into repair of quantisation and tuning of the schedule, for people.
 */
import type { RepairSplit } from '../../contract/search-result.js';
import type { repairSplit } from '../../db/schema.js';
import { signed, spread } from '../../report/text/numbers.js';
import type { ScorerNames } from '../../report/text/scorer-label.js';
import { shareText } from '../../report/text/verdict-sentences.js';
import { textTable } from './table-document.js';

/**
 * The split in every scorer.
 *
 * @param precision of the searched network
 * @param full that of the full-precision one
 */
export function repairLines(
  split: readonly RepairSplit[],
  precision: string,
  full: string,
  nameOf: ScorerNames,
): string[] {
  const [{ prompts }] = split as [RepairSplit];
  const cell = ({ value, low, high }: RepairSplit['gain']): string => spread(value, low, high, 4, signed);
  return [
    '',
    textTable([
      [
        `repair and tuning (${prompts} prompts)`,
        `gain of ${precision}`,
        `gain of ${full}`,
        'repair',
        'share of the gain',
      ],
      ...split.map((one) => [
        nameOf(one.scorer),
        cell(one.gain),
        cell(one.full),
        cell(one.repair),
        one.share === null ? '-' : shareText(one.share),
      ]),
    ]),
    `  repair = gain of ${precision} - max(0, gain of ${full}), with the same coefficients on the same prompts and seeds;`,
    `  the rest is tuning of the schedule, which ${full} gains as well`,
  ];
}

/** One line per scorer, of the view `repair_split`. */
export const storedRepairLines = (rows: readonly (typeof repairSplit.$inferSelect)[], indent: string): string[] =>
  rows.map(({ scorer, precision, fullGain, repair, repairLow, repairHigh, share: value, shareLow, shareHigh }) => {
    const of = value === null ? '' : `, ${shareText({ value, low: shareLow, high: shareHigh })} of the gain`;
    const amount = spread(repair, repairLow, repairHigh, 4, signed);
    return `${indent}repair of quantisation, ${scorer}: ${amount}${of}; ${precision} gains ${signed(fullGain!)} too`;
  });
