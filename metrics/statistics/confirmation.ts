/**
 * The conclusion of confirming the finalists of one or several searches: the largest gain among those that pass, after
 * Holm's correction if there are several.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { MINIMUM_PROMPTS } from './bootstrap.js';
import { lossesOf } from './verdict.js';

/** The highest adjusted one-sided p-value that passes; it corresponds to two-sided intervals of 95 %. */
const LEVEL = 0.025;

/** A search whose finalist is confirmed. */
export interface Confirmable {
  readonly id: string;
  /** Gain in the objective on the search's own calibration images; null if their scores are not stored. */
  readonly calibrationGain: number | null;
}

/** The result for one finalist. */
export interface ConfirmedSearch extends Pick<EvaluatedRow, 'gains' | 'recommend' | 'pHolm'> {
  readonly searchId: string;
  readonly coefficients: Coefficients;
  readonly calibrationGain: number | null;
  /** Selection bias: that minus the gain on held-out prompts. */
  readonly optimismGap: number | null;
}

/** The searches, and which of them is recommended. */
export interface Confirmation {
  readonly searches: readonly ConfirmedSearch[];
  /** The search whose coefficients are recommended; null for the baseline, or if there is no verdict. */
  readonly recommended: string | null;
  readonly recommend: 'calibrated' | 'identity' | 'none';
  readonly reason: string;
}

/**
 * @param rows the rows of the finalists, one per search, without the baseline's row
 * @param prompts number of held-out prompts
 */
export function concludeConfirmation(
  planned: readonly Confirmable[],
  rows: readonly EvaluatedRow[],
  prompts: number,
): Confirmation {
  const searches = planned.map(({ id, calibrationGain }, i): ConfirmedSearch => {
    const { gains, recommend, pHolm, coefficients } = rows[i]!;
    const gain = gains[0]?.gain ?? null;
    const optimismGap = calibrationGain === null || gain === null ? null : calibrationGain - gain;
    return { searchId: id, coefficients, gains, recommend, pHolm, calibrationGain, optimismGap };
  });
  const several = searches.length > 1;
  const passes = ({ recommend, pHolm }: ConfirmedSearch): boolean =>
    recommend === 'calibrated' && (!several || (pHolm !== null && pHolm <= LEVEL));
  const best = searches.filter(passes).sort((a, b) => b.gains[0]!.gain - a.gains[0]!.gain)[0];
  if (best !== undefined) {
    const holm = several ? `, and remains significant after Holm's correction for ${searches.length} searches` : '';
    const reason = `The gain on held-out prompts is above 0 in both intervals, in every score${holm}.`;
    return { searches, recommended: best.searchId, recommend: 'calibrated', reason };
  }
  const none = searches.every(({ recommend }) => recommend === 'none');
  return {
    searches,
    recommended: null,
    recommend: none ? 'none' : 'identity',
    reason: whyNot(searches, none, prompts),
  };
}

/** Why no calibrated coefficients are recommended. */
function whyNot(searches: readonly ConfirmedSearch[], none: boolean, prompts: number): string {
  const fewest = Math.min(...searches.map(({ gains }) => gains[0]?.prompts ?? 0));
  const failed = `Images of ${prompts - fewest} of ${prompts} held-out prompts failed`;
  if (none && fewest === prompts) {
    return `${prompts} held-out prompts are too few for a verdict; it needs at least ${MINIMUM_PROMPTS}.`;
  }
  if (none) return `${failed}: a verdict needs at least ${MINIMUM_PROMPTS} complete prompts.`;
  if (searches.some(({ recommend }) => recommend === 'calibrated')) {
    return `No gain remains significant after Holm's correction for ${searches.length} searches.`;
  }
  if (fewest < prompts) return `${failed}: nothing is recommended on the remaining prompts.`;
  const open = 'The gain on held-out prompts is not proven in every score.';
  const losses = searches.flatMap(({ searchId, gains }) => {
    const parts = lossesOf(gains);
    const whose = searches.length > 1 ? ` of ${searchId}` : '';
    return parts.length === 0
      ? []
      : [`The calibrated coefficients${whose} are worse than the baseline on held-out prompts: ${parts.join(', ')}.`];
  });
  return [...losses, ...(losses.length < searches.length ? [open] : [])].join(' ');
}
