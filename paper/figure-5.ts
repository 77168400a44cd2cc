/**
 * Figure 5: k, the weight of quality in the objective. A grid has the same candidates for every k, so that all searches
 * after the first one reuse its evaluations.
 */
import { evaluation, gridPoints, identityRow, mainSampler, PLAN, search, text, tunedRow } from './parts.js';
import type { Study } from './study-plan.js';

const STEPS = 4;
const KS = [0.5, 1, 2, 5];
/** The reference's grid. */
const GRID_POINTS = 11;
const DIMENSION = 2;

export const figure5: Study = (options) => {
  const { precision } = options;
  const scheduler = { type: mainSampler(options), steps: STEPS };
  const points = gridPoints(options.budget, DIMENSION, GRID_POINTS);
  return {
    ...PLAN,
    name: 'figure-5',
    title: 'Q-Sched (arXiv 2509.01624), figure 5: the weight k of quality',
    searches: KS.map((k) =>
      search(options, {
        key: `k-${text(k)}`,
        label: `Q-Sched, k = ${text(k)}`,
        scheduler,
        coefficients: { shape: 'single-scale' },
        objective: { type: 'jaq-clip', k },
        optimizer: { type: 'grid', budget: points ** DIMENSION, gridPoints: points },
      }),
    ),
    columns: ['k'],
    rows: [
      identityRow('Original', precision, scheduler, { k: 'none' }),
      ...KS.map((k) => tunedRow(`Q-Sched, k = ${text(k)}`, precision, scheduler, `k-${text(k)}`, { k })),
    ],
    evaluate: evaluation(options),
    together: 1,
    notes: [
      `A grid of ${text(points)} x ${text(points)} candidates, the same for every k: searches after the first evaluate only their finalists. Every row is judged at k = 2.`,
    ],
  };
};
