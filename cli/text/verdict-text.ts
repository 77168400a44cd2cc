/**
 * The verdict of a search, for people.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import type { SearchResult } from '../../contract/search-result.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { stepCount } from '../../contract/step-count.js';
import { styled } from './colour.js';
import { linearLines } from './linear-text.js';
import { coefficientLines, fixed, GAIN_HEADS, gainCells, signed, signedInterval } from '../../report/text/numbers.js';
import { repairLines } from './repair-text.js';
import { renameScorers, type ScorerNames } from '../../report/text/scorer-label.js';
import { biasSentence, constraintSentences, formulaOf, recommended } from '../../report/text/verdict-sentences.js';
import { textTable } from './table-document.js';

type Objective = Pick<ObjectiveChoice, 'type' | 'k' | 'weights'>;

/** Calibration, held-out gains with intervals, recommendation and coefficients. */
export function verdictText(result: SearchResult, objective: Objective, nameOf: ScorerNames = (role) => role): string {
  const { heldOut, finalist } = result;
  const roles = heldOut.scorers.map(({ scorer }) => scorer);
  const bias = biasSentence(heldOut);
  return [
    headLine(result),
    '',
    ...calibrationLines(result, objective),
    '',
    textTable([
      [`held-out (${heldOut.prompts} prompts)`, ...GAIN_HEADS],
      ...heldOut.scorers.map((gain) => [nameOf(gain.scorer), ...gainCells(gain)]),
    ]),
    ...constraintSentences(heldOut).map((line) => `  ${line}`),
    ...(result.best.trial === 0 || bias === null ? [] : [`  ${bias}`]),
    ...(result.notes ?? []).flatMap((note) => ['', note]),
    ...(result.linear === undefined ? [] : linearLines(result.linear, nameOf)),
    ...controlLines(result, nameOf),
    '',
    `recommended: ${styled(heldOut.recommend === 'calibrated' ? ['bold', 'green'] : 'bold', recommended(result))}`,
    `  ${renameScorers(heldOut.reason, roles, nameOf)}`,
    ...(result.best.trial === 0
      ? []
      : [
          heldOut.recommend === 'calibrated' ? '  coefficients:' : '  the finalist, which is not recommended:',
          ...coefficientLines(finalist),
        ]),
  ].join('\n');
}

function headLine({ model, precision, steps, optimizer, trials, evaluations, reused, failed }: SearchResult): string {
  const lost = failed > 0 ? `, ${failed} failed` : '';
  const counts = `${trials} candidates${lost}, ${evaluations} evaluations (${reused} reused)`;
  return `${model} ${precision}, ${stepCount(steps)}, ${optimizer}: ${counts}`;
}

/** The baseline and the best candidate, which is not always the one that was confirmed. */
function calibrationLines(result: SearchResult, objective: Objective): string[] {
  const { best, identity, finalist } = result;
  const row = (name: string, { score, terms }: SearchResult['best']): string[] => [
    name,
    fixed(score),
    fixed(terms.tc),
    fixed(terms.iq),
  ];
  const same = canonicalJson(best.coefficients) === canonicalJson(finalist);
  // No candidate keeps the constraints: the baseline is all there is.
  const head = ['calibration', 'score', 'text', 'quality'];
  const formula = `  score = ${formulaOf(result, objective)}`;
  if (best.trial === 0) return [textTable([head, row('baseline', identity)]), formula];
  return [
    textTable([head, row('baseline', identity), row(`best candidate (#${best.trial})`, best)]),
    formula,
    '  the best calibration score is biased upwards; the finalist is re-tested on held-out prompts below',
    `  the finalist is ${same ? 'this candidate' : 'a different top candidate, chosen on the selection prompts'}`,
  ];
}

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
