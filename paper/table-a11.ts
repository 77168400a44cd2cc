/**
 * Table A11: 16 steps, the most that few-step models are used with.
 */
import { evaluation, FULL, identityRow, mainSampler, PLAN, refuseFullPrecision, search, tunedRow } from './parts.js';
import type { Study } from './study-plan.js';

export const tableA11: Study = (options) => {
  refuseFullPrecision(options);
  const { precision } = options;
  const scheduler = { type: mainSampler(options), steps: 16 };
  return {
    ...PLAN,
    name: 'table-a11',
    title: 'Q-Sched (arXiv 2509.01624), Table A11: 16 steps',
    searches: [
      search(options, { key: 'q-sched', label: 'Q-Sched, 16 steps', scheduler }),
      search(options, { key: 'control', label: 'full precision searched, 16 steps', scheduler, precision: FULL }),
    ],
    rows: [
      identityRow('Original', FULL, scheduler),
      tunedRow('Q-Sched (control)', FULL, scheduler, 'control'),
      identityRow('Original', precision, scheduler),
      tunedRow('Q-Sched', precision, scheduler, 'q-sched'),
    ],
    evaluate: evaluation(options),
    notes: ['Q-Sched (control) searches the full-precision network in the same way; it is not in the paper.'],
  };
};
