/**
 * The verdict as a person reads it.
 */
import type { GainInterval, SearchResult } from '../../spec/payloads.js';
import { table } from './output.js';

const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;

/** A mean term; an objective may have none of that side. */
const term = (value: number | null): string => value?.toFixed(4) ?? '-';

/** Coefficients, gain with interval, recommendation. */
export function verdictText(result: SearchResult, k: number): string {
  const { best, identity, heldOut, control } = result;
  const lines = [
    `${result.model} ${result.precision}, ${result.steps} steps, ${result.optimizer}: ${result.trials} trials, ${result.evaluations} evaluations (${result.reused} reused)${result.failed > 0 ? `, ${result.failed} trials failed` : ''}`,
    '',
    table([
      ['calibration', 'score', 'text', 'quality'],
      ['identity', identity.score.toFixed(4), term(identity.terms.tc), term(identity.terms.iq)],
      ['best', best.score.toFixed(4), term(best.terms.tc), term(best.terms.iq)],
    ]),
    `  score = text + ${k} x quality; the best of many trials on few prompts is partly luck, so it is confirmed below`,
    '',
    ...heldOutLines(heldOut),
  ];
  for (const note of result.notes ?? []) lines.push('', note);
  if (control) {
    lines.push('', `control, ${control.precision} on the same held-out prompts: identity ${Object.values(control.heldOut).map((v) => v.toFixed(4)).join(', ')}`);
    if (control.search) {
      lines.push(`  searched too: ${signed(control.search.heldOut.gain)} [${signed(control.search.heldOut.low)}, ${signed(control.search.heldOut.high)}]; what full precision gains as well is schedule tuning, not repair`);
    }
  }
  lines.push(
    '',
    `recommended: ${{ calibrated: 'the calibrated coefficients', identity: 'the identity (leave the scheduler as it is)', none: 'nothing' }[heldOut.recommend]}`,
    `  ${heldOut.reason}`,
    `  c^x   [${result.finalist.sample.map((v) => v.toFixed(4)).join(', ')}]`,
    `  c^eps [${result.finalist.noise.map((v) => v.toFixed(4)).join(', ')}]`,
  );
  return lines.join('\n');
}

function heldOutLines(heldOut: SearchResult['heldOut']): string[] {
  const row = (gain: GainInterval): string[] => [
    gain.scorer, gain.identity.toFixed(4), gain.calibrated.toFixed(4), signed(gain.gain),
    `[${signed(gain.percentile.low)}, ${signed(gain.percentile.high)}]`, `[${signed(gain.studentised.low)}, ${signed(gain.studentised.high)}]`, `${(100 * gain.probabilityOfGain).toFixed(1)} %`,
  ];
  return [
    table([[`held-out (${heldOut.prompts} prompts)`, 'identity', 'calibrated', 'gain', '95 % percentile', '95 % studentised', 'probability of a gain'], ...heldOut.scorers.map(row)]),
    ...optimismLine(heldOut),
  ];
}

/** How much better the calibration made them look; nothing of a result from before this was kept. */
function optimismLine({ gain, calibrationGain, optimism }: Pick<SearchResult['heldOut'], 'gain'> & Partial<SearchResult['heldOut']>): string[] {
  if (calibrationGain === undefined || optimism === undefined) return [];
  return [`  optimism gap ${signed(optimism)}: a gain of ${signed(calibrationGain)} on the prompts that chose these coefficients, of ${signed(gain)} on new prompts and seeds${optimism > 0 ? '; expect the second' : ''}`];
}
