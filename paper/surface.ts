/**
 * The surface that is searched: 11 x 11 schedules from 0.8 to 1.2, each number the start of linspace(c, 1), as the paper's
 * reference implementation scans them. Rows are c^x, columns c^eps; the middle is the baseline.
 */
import { evaluation, identityRow, mainSampler, PLAN, text } from './parts.js';
import type { PlannedRow, Study } from './study-plan.js';

const STEPS = 4;
const POINTS = 11;
const [LOW, HIGH] = [0.8, 1.2];
/** Images per point: enough to show the shape. */
const COUNT = 200;

/** The same values as in optimizers/grid.ts: the middle is exactly 1. */
const AXIS = Array.from({ length: POINTS }, (_, i) =>
  i === 0 ? LOW : i === POINTS - 1 ? HIGH : ((POINTS - 1 - i) * LOW + i * HIGH) / (POINTS - 1),
);

/** linspace(start, 1, STEPS). */
const single = (start: number): number[] =>
  Array.from({ length: STEPS }, (_, i) => (i === STEPS - 1 ? 1 : i * ((1 - start) / (STEPS - 1)) + start));

export const surface: Study = (options) => {
  const { precision } = options;
  const scheduler = { type: mainSampler(options), steps: STEPS };
  const base = evaluation(options, COUNT);
  return {
    ...PLAN,
    name: 'surface',
    title: 'The objective over an 11 x 11 grid of coefficients',
    columns: ['sample', 'noise'],
    rows: AXIS.flatMap((sample) =>
      AXIS.map((noise): PlannedRow => {
        const columns = { sample, noise };
        if (sample === 1 && noise === 1) return identityRow('Original', precision, scheduler, columns);
        return {
          label: `${sample.toFixed(2)}-${noise.toFixed(2)}`,
          precision,
          scheduler,
          schedule: { kind: 'by-hand', coefficients: { sample: single(sample), noise: single(noise) } },
          columns,
        };
      }),
    ),
    evaluate: { ...base, features: null },
    notes: [
      `${text(POINTS)} x ${text(POINTS)} points, no search; sample is the start of c^x, noise that of c^eps, both end at 1. Frechet distances are left out.`,
    ],
  };
};
