/**
 * The verdict of a search, for people.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import type { SearchResult } from '../../contract/search-result.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { stepCount } from '../../contract/step-count.js';
import { linearLines } from './linear-text.js';
import { coefficientLines, fixed, GAIN_HEADS, gainCells, signed, signedInterval } from './numbers.js';
import { repairFormula, scoreFormula } from './objective-text.js';
import { repairLines } from './repair-text.js';
import { renameScorers, type ScorerNames } from './scorer-label.js';
import { textTable } from './table-document.js';

type Objective = Pick<ObjectiveChoice, 'type' | 'k' | 'weights'>;

const RECOMMENDED = {
  calibrated: 'the finalist',
  identity: 'the baseline (leave the scheduler as it is)',
  none: 'nothing',
} as const;

/** Calibration, held-out gains with intervals, recommendation and coefficients. */
export function verdictText(result: SearchResult, objective: Objective, nameOf: ScorerNames = (role) => role): string {
  const { heldOut, finalist } = result;
  const roles = heldOut.scorers.map(({ scorer }) => scorer);
  return [
    headLine(result),
    '',
    ...calibrationLines(result, objective),
    '',
    textTable([
      [`held-out (${heldOut.prompts} prompts)`, ...GAIN_HEADS],
      ...heldOut.scorers.map((gain) => [nameOf(gain.scorer), ...gainCells(gain)]),
    ]),
    ...constraintLines(heldOut),
    ...(result.best.trial === 0 ? [] : biasLine(heldOut)),
    ...(result.notes ?? []).flatMap((note) => ['', note]),
    ...(result.linear === undefined ? [] : linearLines(result.linear, nameOf)),
    ...controlLines(result, nameOf),
    '',
    `recommended: ${recommended(result)}`,
    `  ${renameScorers(heldOut.reason, roles, nameOf)}`,
    ...(result.best.trial === 0
      ? []
      : [
          heldOut.recommend === 'calibrated' ? '  coefficients:' : '  the finalist, which is not recommended:',
          ...coefficientLines(finalist),
        ]),
  ].join('\n');
}

/** Of two solutions that both gain, the one with fewer numbers unless the other is better. */
function recommended({ heldOut, linear }: SearchResult): string {
  if (heldOut.recommend !== 'calibrated' || linear?.recommend !== 'linear') return RECOMMENDED[heldOut.recommend];
  return `the linear finalist of ${linear.searchId}, if its own verdict says so (npx qsched best ${linear.searchId})`;
}

function headLine({ model, precision, steps, optimizer, trials, evaluations, reused, failed }: SearchResult): string {
  const lost = failed > 0 ? `, ${failed} failed` : '';
  const counts = `${trials} candidates${lost}, ${evaluations} evaluations (${reused} reused)`;
  return `${model} ${precision}, ${stepCount(steps)}, ${optimizer}: ${counts}`;
}

/** The baseline and the best candidate, which is not always the one that was confirmed. */
function calibrationLines({ best, identity, finalist, goal }: SearchResult, objective: Objective): string[] {
  const row = (name: string, { score, terms }: SearchResult['best']): string[] => [
    name,
    fixed(score),
    fixed(terms.tc),
    fixed(terms.iq),
  ];
  const same = canonicalJson(best.coefficients) === canonicalJson(finalist);
  // No candidate keeps the constraints: the baseline is all there is.
  const head = ['calibration', 'score', 'text', 'quality'];
  const formula = `  score = ${goal === 'repair' ? repairFormula(objective, identity.terms) : scoreFormula(objective, identity.terms)}`;
  if (best.trial === 0) return [textTable([head, row('baseline', identity)]), formula];
  return [
    textTable([head, row('baseline', identity), row(`best candidate (#${best.trial})`, best)]),
    formula,
    '  the best calibration score is biased upwards; the finalist is re-tested on held-out prompts below',
    `  the finalist is ${same ? 'this candidate' : 'a different top candidate, chosen on the selection prompts'}`,
  ];
}

/** What the finalist must keep, on the held-out prompts. */
const constraintLines = ({ constraints = [] }: SearchResult['heldOut']): string[] =>
  constraints.map(
    ({ name, atLeast, gain, low, high, kept }) =>
      `  constraint: a gain of at least ${signed(atLeast)} in ${name}: ${signed(gain)} ${signedInterval({ low, high })}, ` +
      `${kept ? 'kept' : 'missed'}${kept && low < atLeast ? ' on average' : ''}`,
  );

function controlLines({ control, precision }: SearchResult, nameOf: ScorerNames): string[] {
  if (!control) return [];
  const scores = Object.entries(control.heldOut).map(
    ([scorer, value]) => `${nameOf(scorer)} ${value === null ? 'failed' : fixed(value)}`,
  );
  const lines = ['', `control, baseline of ${control.precision} on the same held-out prompts: ${scores.join(', ')}`];
  if (control.search) {
    const { heldOut } = control.search;
    lines.push(
      `  searched too: gain ${signed(heldOut.gain)} ${signedInterval(heldOut)}; ` +
        'what full precision gains too is schedule tuning, not quantisation repair',
    );
  }
  const { repair } = control;
  if (repair) lines.push(...repairLines(repair, precision, control.precision, nameOf));
  return lines;
}

/** How much better the finalist looked on the prompts that chose it; nothing for results without these numbers. */
function biasLine({
  gain,
  calibrationGain,
  optimism,
}: Pick<SearchResult['heldOut'], 'gain'> & Partial<SearchResult['heldOut']>): string[] {
  if (typeof calibrationGain !== 'number' || typeof optimism !== 'number') return [];
  const advice = optimism > 0 ? '; expect the held-out figure' : '';
  const gains = `the gain was ${signed(calibrationGain)} on the calibration prompts and ${signed(gain)} on held-out ones`;
  return [`  selection bias ${signed(optimism)}: ${gains}${advice}`];
}
