/**
 * A confirmation: the body of `qsched confirm --json`, and its text for people.
 */
import type { Confirmation } from '../../metrics/statistics/confirmation.js';
import type { EvaluateResult } from '../../contract/evaluate-spec.js';
import { evaluatedOn, imageCounts } from './evaluated-on.js';
import { fixed, GAIN_HEADS, gainCells, signed } from '../../report/text/numbers.js';
import { renameScorers, type ScorerNames } from '../../report/text/scorer-label.js';
import { textTable } from './table-document.js';

/** The body of `qsched confirm --json`. */
export interface ConfirmDocument
  extends
    Confirmation,
    Pick<EvaluateResult, 'evaluateId' | 'prompts' | 'generated' | 'reused' | 'warnings' | 'seconds'> {}

/** Gains of every search in every score, and what is recommended. */
export function confirmText(document: ConfirmDocument, nameOf: ScorerNames = (role) => role): string {
  const { searches, recommended, recommend, reason } = document;
  const roles = [...new Set(searches.flatMap(({ gains }) => gains.map(({ scorer }) => scorer)))];
  const rows = searches.flatMap(({ searchId, gains }) =>
    gains.map((gain) => [searchId, nameOf(gain.scorer), ...gainCells(gain)]),
  );
  const what = {
    calibrated: `the finalist of ${recommended}`,
    identity: 'the baseline (leave the scheduler as it is)',
    none: 'nothing',
  };
  return [
    ...(rows.length === 0
      ? ['Nothing could be compared: see the warnings.']
      : [textTable([['search', 'score', ...GAIN_HEADS], ...rows])]),
    ...searches.flatMap((one) => biasLine(one, searches.length > 1)),
    '',
    `recommended: ${what[recommend]}`,
    `  ${renameScorers(reason, roles, nameOf)}`,
    `  ${evaluatedOn(document, 'held-out prompts')}; ${imageCounts(document)}`,
  ].join('\n');
}

function biasLine(
  { searchId, calibrationGain, optimismGap, pHolm }: ConfirmDocument['searches'][number],
  several: boolean,
): string[] {
  if (optimismGap === null || calibrationGain === null) return [];
  const bias = `selection bias ${signed(optimismGap)} (the gain was ${signed(calibrationGain)} on its calibration images)`;
  const holm = several && pHolm !== null ? `; Holm-adjusted p ${fixed(pHolm)}` : '';
  return [`  ${searchId}: ${bias}${holm}`];
}
