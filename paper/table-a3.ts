/**
 * Table A3, of which Table 4 is an excerpt: optimizers with the same budget, several seeds each. A grid has no seed.
 */
import type { SearchSpec } from '../contract/search-spec.js';
import { evaluation, gridPoints, identityRow, mainSampler, PLAN, search, text, tunedRow } from './parts.js';
import type { PlannedRow, PlannedSearch, Study } from './study-plan.js';

const STEPS = 4;
/** Start and end of c^x and of c^eps. */
const DIMENSION = 4;
const GRID_POINTS = 3;
const SEEDS = [0, 1, 2];
const SEEDED = ['one-plus-one', 'cma-es', 'random', 'sobol'] as const;

export const tableA3: Study = (options) => {
  const { precision } = options;
  const scheduler = { type: mainSampler(options), steps: STEPS };
  const points = gridPoints(options.budget, DIMENSION, GRID_POINTS);
  const budget = points ** DIMENSION;
  const planned = ([optimizer, seed]: readonly [SearchSpec['optimizer']['type'], number]): {
    search: PlannedSearch;
    row: PlannedRow;
  } => {
    const key = `${optimizer}-${text(seed)}`;
    const own = optimizer === 'grid' ? { gridPoints: points } : { seed };
    return {
      search: search(options, {
        key,
        label: `${optimizer}, seed ${text(seed)}`,
        scheduler,
        optimizer: { type: optimizer, budget, ...own },
      }),
      row: tunedRow(`Q-Sched, ${optimizer}`, precision, scheduler, key, { optimizer, seed }),
    };
  };
  const both = [
    ['grid', 0] as const,
    ...SEEDED.flatMap((optimizer) => SEEDS.map((seed) => [optimizer, seed] as const)),
  ].map(planned);
  return {
    ...PLAN,
    name: 'table-a3',
    title: 'Q-Sched (arXiv 2509.01624), Table A3 (Table 4 is its short form): optimizers',
    searches: both.map((one) => one.search),
    columns: ['optimizer', 'seed'],
    rows: [
      identityRow('Original', precision, scheduler, { optimizer: 'none', seed: 0 }),
      ...both.map((one) => one.row),
    ],
    evaluate: evaluation(options),
    notes: [
      `Every optimizer has ${text(budget)} candidates: a grid of ${text(points)} points in each of ${text(DIMENSION)} dimensions, and as many for the others. A grid has no seed.`,
      "The paper's NGOpt column is left out: there is no such optimizer here. CMA-ES, random and Sobol are added.",
    ],
  };
};
