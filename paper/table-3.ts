/**
 * Table 3: searching the coefficients of the network's output, those of the sample, or both.
 */
import { evaluation, identityRow, mainSampler, PLAN, search, text, tunedRow } from './parts.js';
import type { Study } from './study-plan.js';

const STEPS = 4;
const TUNE = [
  ['noise', 'c^eps'],
  ['sample', 'c^x'],
  ['both', '(c^eps, c^x)'],
] as const;

export const table3: Study = (options) => {
  const { precision } = options;
  const scheduler = { type: mainSampler(options), steps: STEPS };
  return {
    ...PLAN,
    name: 'table-3',
    title: 'Q-Sched (arXiv 2509.01624), Table 3: one coefficient or both',
    searches: TUNE.map(([tune, label]) =>
      search(options, {
        key: tune,
        label: `Q-Sched, ${label}, ${text(STEPS)} steps`,
        scheduler,
        coefficients: { tune },
      }),
    ),
    columns: ['tune'],
    rows: [
      identityRow('Original', precision, scheduler, { tune: 'none' }),
      ...TUNE.map(([tune, label]) => tunedRow(`Q-Sched, ${label}`, precision, scheduler, tune, { tune })),
    ],
    evaluate: evaluation(options),
  };
};
