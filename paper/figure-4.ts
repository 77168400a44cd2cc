/**
 * Figure 4: bit widths. The paper asks human raters which image they prefer; here the objective, a second scorer and
 * the Frechet distance judge.
 */
import { evaluation, FULL, identityRow, mainSampler, PLAN, search, tunedRow } from './parts.js';
import type { Study } from './study-plan.js';

const STEPS = 4;

export const figure4: Study = (options) => {
  const scheduler = { type: mainSampler(options), steps: STEPS };
  return {
    ...PLAN,
    name: 'figure-4',
    title: 'Q-Sched (arXiv 2509.01624), figure 4: bit widths',
    searches: options.precisions.map((precision) =>
      search(options, { key: precision, label: `Q-Sched at ${precision}`, scheduler, precision }),
    ),
    rows: options.precisions.flatMap((precision) => [
      identityRow('Original', precision, scheduler),
      tunedRow(precision === FULL ? 'Q-Sched (control)' : 'Q-Sched', precision, scheduler, precision),
    ]),
    evaluate: evaluation(options),
    notes: ['The paper counts votes of human raters; the columns here are scores and distances.'],
  };
};
