/**
 * The verdict as a person reads it.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import type { SearchResult } from '../../contract/search-result.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { coefficientLines, fixed, GAIN_HEADS, gainCells, signed, signedInterval } from './numbers.js';
import { scoreFormula } from './objective-text.js';
import { table } from './output.js';
import { stepCount } from '../../contract/step-count.js';

const TUNING = 'what full precision gains as well is schedule tuning, not repair';

/** What a recommendation says to do. */
const RECOMMENDED = {
  calibrated: 'the calibrated coefficients',
  identity: 'the identity (leave the scheduler as it is)',
  none: 'nothing',
} as const;

/** Coefficients, gain with interval, recommendation. */
export function verdictText(result: SearchResult, objective: Pick<ObjectiveChoice, 'type' | 'k' | 'weights'>): string {
  const { heldOut, finalist } = result;
  const lines = [
    headLine(result),
    '',
    ...calibrationLines(result, objective),
    '',
    table([
      [`held-out (${heldOut.prompts} prompts)`, ...GAIN_HEADS],
      ...heldOut.scorers.map((gain) => [gain.scorer, ...gainCells(gain)]),
    ]),
    ...optimismLine(heldOut),
  ];
  for (const note of result.notes ?? []) lines.push('', note);
  lines.push(
    ...controlLines(result.control),
    '',
    `recommended: ${RECOMMENDED[heldOut.recommend]}`,
    `  ${heldOut.reason}`,
  );
  lines.push(
    heldOut.recommend === 'calibrated' ? '  coefficients:' : '  the finalist, which is not recommended:',
    ...coefficientLines(finalist),
  );
  return lines.join('\n');
}

function headLine({ model, precision, steps, optimizer, trials, evaluations, reused, failed }: SearchResult): string {
  const lost = failed > 0 ? `, ${failed} trials failed` : '';
  const counts = `${trials} trials, ${evaluations} evaluations (${reused} reused)${lost}`;
  return `${model} ${precision}, ${stepCount(steps)}, ${optimizer}: ${counts}`;
}

/** The identity and the best of the calibration, which is not always what was confirmed. */
function calibrationLines(
  { best, identity, finalist }: SearchResult,
  objective: Pick<ObjectiveChoice, 'type' | 'k' | 'weights'>,
): string[] {
  const row = (name: string, { score, terms }: SearchResult['best']): string[] => [
    name,
    fixed(score),
    fixed(terms.tc),
    fixed(terms.iq),
  ];
  const same = canonicalJson(best.coefficients) === canonicalJson(finalist);
  return [
    table([['calibration', 'score', 'text', 'quality'], row('identity', identity), row('best', best)]),
    `  score = ${scoreFormula(objective, identity.terms)}`,
    '  the best of many trials on few prompts is partly luck, so a finalist is confirmed below',
    `  the finalist is ${same ? 'the best one' : 'another one of the best, chosen on the select prompts'}`,
  ];
}

function controlLines(control: SearchResult['control']): string[] {
  if (!control) return [];
  const scores = Object.values(control.heldOut).map((value) => (value === null ? 'failed' : fixed(value)));
  const lines = ['', `control, ${control.precision} on the same held-out prompts: identity ${scores.join(', ')}`];
  if (control.search) {
    const { heldOut } = control.search;
    lines.push(`  searched too: ${signed(heldOut.gain)} ${signedInterval(heldOut)}; ${TUNING}`);
  }
  return lines;
}

/** How much better the calibration made them look; nothing of a result that does not say. */
function optimismLine({
  gain,
  calibrationGain,
  optimism,
}: Pick<SearchResult['heldOut'], 'gain'> & Partial<SearchResult['heldOut']>): string[] {
  if (typeof calibrationGain !== 'number' || typeof optimism !== 'number') return [];
  const advice = optimism > 0 ? '; expect the second' : '';
  const chosen = `a gain of ${signed(calibrationGain)} on the prompts that chose these coefficients`;
  return [`  optimism gap ${signed(optimism)}: ${chosen}, of ${signed(gain)} on new prompts and seeds${advice}`];
}
