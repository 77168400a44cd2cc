/**
 * A confirmation: the body of `qsched confirm --json`, and as a person reads it.
 */
import type { Confirmation } from '../../metrics/statistics/confirmation.js';
import type { EvaluateResult } from '../../contract/evaluate-spec.js';
import { fixed, GAIN_HEADS, gainCells, signed } from './numbers.js';
import { table } from './output.js';

/** The body of `qsched confirm --json`. */
export interface ConfirmDocument
  extends Confirmation, Pick<EvaluateResult, 'evaluateId' | 'prompts' | 'drawn' | 'reused' | 'warnings' | 'seconds'> {}

/** Gains of every search in every score, and what is recommended. */
export function confirmText({
  searches,
  recommended,
  recommend,
  reason,
  prompts,
  drawn,
  reused,
  seconds,
}: ConfirmDocument): string {
  const rows = searches.flatMap(({ searchId, gains }) =>
    gains.map((gain) => [searchId, gain.scorer, ...gainCells(gain)]),
  );
  const what = {
    calibrated: `the calibrated coefficients of ${recommended}`,
    identity: 'the identity (leave the scheduler as it is)',
    none: 'nothing',
  };
  const held = `${prompts.count} held-out prompts of ${prompts.set ?? 'your own'}, seeds ${prompts.seeds.join(', ')}`;
  return [
    ...(rows.length === 0
      ? ['nothing could be compared: see the warnings']
      : [table([['search', 'score', ...GAIN_HEADS], ...rows])]),
    ...searches.flatMap((one) => luckLine(one, searches.length > 1)),
    '',
    `recommended: ${what[recommend]}`,
    `  ${reason}`,
    `  ${held}; ${drawn} images drawn, ${reused} found; ${seconds.toFixed(1)} s`,
  ].join('\n');
}

function luckLine(
  { searchId, calibrationGain, optimismGap, pHolm }: ConfirmDocument['searches'][number],
  several: boolean,
): string[] {
  if (optimismGap === null || calibrationGain === null) return [];
  const gap = `${signed(optimismGap)} of that not held out (optimism gap)`;
  const holm = several && pHolm !== null ? `; Holm-adjusted p ${fixed(pHolm)}` : '';
  return [`  ${searchId}: ${signed(calibrationGain)} on its calibration images, ${gap}${holm}`];
}
