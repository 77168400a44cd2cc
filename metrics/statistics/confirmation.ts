/**
 * What confirming the finalists of one or several searches says: the largest gain among those that stand, after
 * Holm's correction where there are several.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { MINIMUM_PROMPTS } from './bootstrap.js';
import { lossesOf } from './verdict.js';

/** Adjusted one-sided p-values up to this stand, beside two-sided intervals of 95 %. */
const LEVEL = 0.025;

/** A search whose finalist is confirmed. */
export interface Confirmable {
  readonly id: string;
  /** Gain in the objective on the search's own calibration images; null where it has none stored. */
  readonly calibrationGain: number | null;
}

/** What is known of a search's finalist. */
export interface ConfirmedSearch extends Pick<EvaluatedRow, 'gains' | 'recommend' | 'pHolm'> {
  readonly searchId: string;
  readonly coefficients: Coefficients;
  readonly calibrationGain: number | null;
  /** That minus the gain on held-out prompts: what the best of many trials on few prompts was luck. */
  readonly optimismGap: number | null;
}

/** The searches, and what is recommended of them. */
export interface Confirmation {
  readonly searches: readonly ConfirmedSearch[];
  /** The search whose coefficients are recommended; null for the identity, or where there is no verdict. */
  readonly recommended: string | null;
  readonly recommend: 'calibrated' | 'identity' | 'none';
  readonly reason: string;
}

/**
 * @param rows the finalists' rows, one per search, without the identity's
 * @param prompts how many held-out prompts there were
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
  const stands = ({ recommend, pHolm }: ConfirmedSearch): boolean =>
    recommend === 'calibrated' && (!several || (pHolm !== null && pHolm <= LEVEL));
  const best = searches.filter(stands).sort((a, b) => b.gains[0]!.gain - a.gains[0]!.gain)[0];
  if (best !== undefined) {
    const holm = several ? `, and stands after Holm's correction for ${searches.length} searches` : '';
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

/** Why nothing calibrated is recommended. */
function whyNot(searches: readonly ConfirmedSearch[], none: boolean, prompts: number): string {
  const fewest = Math.min(...searches.map(({ gains }) => gains[0]?.prompts ?? 0));
  const failed = `${prompts - fewest} of ${prompts} held-out prompts have images that failed`;
  if (none && fewest === prompts) {
    return `${prompts} held-out prompts are too few for a verdict; it needs at least ${MINIMUM_PROMPTS}.`;
  }
  if (none) return `${failed}: too few are whole for a verdict, which needs at least ${MINIMUM_PROMPTS}.`;
  if (searches.some(({ recommend }) => recommend === 'calibrated')) {
    return `No gain stands after Holm's correction for ${searches.length} searches.`;
  }
  if (fewest < prompts) return `${failed}: nothing is recommended on what is left.`;
  const open = 'The gain on held-out prompts is not proven in every score.';
  const losses = searches.flatMap(({ searchId, gains }) => {
    const parts = lossesOf(gains);
    const whose = searches.length > 1 ? ` of ${searchId}` : '';
    return parts.length === 0
      ? []
      : [`The calibrated coefficients${whose} are worse than the identity on held-out prompts: ${parts.join(', ')}.`];
  });
  return [...losses, ...(losses.length < searches.length ? [open] : [])].join(' ');
}
