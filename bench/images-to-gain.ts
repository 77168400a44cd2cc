/**
 * What a search costs until its held-out gain is that of CMA-ES with 100 candidates on all pairs: real searches on the
 * bundled model, each with an empty store, in padded denoiser rows of the baseline and the search stages.
 */
import { availableParallelism } from 'node:os';
import { sql } from 'drizzle-orm';
import type { SearchSpecInput } from '../contract/search-spec.js';
import { parseSearchSpec } from '../contract/validate.js';
import type { Store } from '../db/open-store.js';
import { mean } from '../metrics/statistics/statistics.js';
import { bundledWorkers } from './grid-run.js';
import { startBenchHost, type BenchHost } from './measured-search.js';
import { result, type BenchResult } from './results.js';

const SEEDS = Number(process.env['QSCHED_BENCH_SEEDS'] ?? 15);
/** The share of the reference's gain that is asked for. */
const SHARE = 0.97;
/** Rows of the reference implementation's grid: 50 x 50 candidates, 20 prompts, 4 steps, nothing shared. */
const REFERENCE_ROWS = 50 * 50 * 20 * 4;
/** Budgets that are tried, the smallest first. */
const BUDGETS = [16, 24, 32];
const PRIOR_BUDGETS = [1, 2, 4];
/** The default range of 0.1, which did not grow. */
const RANGE: [number, number] = [0.8, 1.2];
const [MODEL, PRECISION, OTHER] = ['shapes', 'w4a8', 'w8a8'] as const;

interface Cost {
  /** Held-out gain in the objective. */
  readonly gain: number;
  readonly rows: number;
  /** From the start to the verdict. */
  readonly seconds: number;
}

const spec = (seed: number, own: Omit<SearchSpecInput, 'model'>) =>
  parseSearchSpec({ model: MODEL, precision: PRECISION, prior: 'none', ...own, optimizer: { ...own.optimizer, seed } });

/** Rows of the baseline and the search stages. */
const rowsOf = (store: Store, id: string): number =>
  store.get<{ rows: number }>(
    sql`select coalesce(sum(padded_rows), 0) as rows from work where search_id = ${id} and stage = 'calibration'`,
  )!.rows;

const secondsOf = (store: Store, id: string): number =>
  store.get<{ seconds: number }>(
    sql`select (julianday(finished_at) - julianday(created_at)) * 86400 as seconds from searches where id = ${id}`,
  )!.seconds;

/** Means over seeds; every search finds the store without evaluations. */
async function costOf(host: BenchHost, name: string, own: Omit<SearchSpecInput, 'model'>): Promise<Cost> {
  const costs: Cost[] = [];
  for (let seed = 0; seed < SEEDS; seed += 1) {
    host.store.$client.exec('update evaluations set image = null; delete from evaluations');
    const id = `${name}-${seed}`;
    const { heldOut } = await host.run(id, spec(seed, own));
    costs.push({ gain: heldOut.gain, rows: rowsOf(host.store, id), seconds: secondsOf(host.store, id) });
  }
  const over = (key: keyof Cost): number => mean(costs.map((one) => one[key]));
  const cost = { gain: over('gain'), rows: over('rows'), seconds: over('seconds') };
  process.stderr.write(`${name}: held-out gain ${cost.gain.toFixed(4)}, ${cost.rows.toFixed(0)} rows\n`);
  return cost;
}

/** The first budget whose mean gain is enough; the last one if none is. */
async function firstEnough(
  host: BenchHost,
  budgets: readonly number[],
  enough: number,
  run: (budget: number) => Promise<Cost>,
): Promise<Cost & { readonly budget: number }> {
  for (const budget of budgets) {
    const cost = await run(budget);
    if (cost.gain >= enough) return { ...cost, budget };
  }
  return { gain: 0, rows: Infinity, seconds: Infinity, budget: budgets.at(-1)! };
}

/** One scoring process: how work is cut for several changes how much of a network call is padding. */
async function imagesToGain(): Promise<BenchResult[]> {
  const host = await startBenchHost((at) => bundledWorkers(at, 1));
  try {
    const coefficients = { range: RANGE };
    const peer = await costOf(host, 'cma-es-100', {
      coefficients,
      optimizer: { type: 'cma-es', budget: 100 },
      racing: 'off',
    });
    const enough = SHARE * peer.gain;
    const cold = await firstEnough(host, BUDGETS, enough, (budget) =>
      costOf(host, `auto-${budget}`, { optimizer: { type: 'auto', budget } }),
    );
    await host.run('prior', spec(0, { precision: OTHER, optimizer: { type: 'auto' } }));
    const warm = await firstEnough(host, PRIOR_BUDGETS, enough, (budget) =>
      costOf(host, `prior-${budget}`, { prior: 'prior', optimizer: { type: 'auto', budget } }),
    );
    const line = (name: string, own: Cost & { readonly budget: number }, how: string, target: number) =>
      result({
        name,
        title: `padded denoiser rows to ${SHARE} of the held-out gain of CMA-ES 100 x 40 (mean of ${SEEDS} seeds): ${how}, ${own.budget} candidates, gain ${own.gain.toFixed(3)} against ${peer.gain.toFixed(3)}`,
        ours: own.rows,
        peer: peer.rows,
        unit: 'rows',
        better: 'lower',
        peerName: 'cma-es, 100 candidates on 40 pairs each',
        target,
        measure: 'ratio',
      });
    return [
      line('images-to-gain', cold, 'auto with races', 16),
      line('images-to-gain-prior', warm, `the same with a prior from ${OTHER}`, 40),
      result({
        name: 'images-to-gain-grid',
        title: `the same against the grid of the paper's reference implementation, 50 x 50 x 20 prompts at 4 steps`,
        ours: cold.rows,
        peer: REFERENCE_ROWS,
        unit: 'rows',
        better: 'lower',
        peerName: 'rows of that grid, by arithmetic',
        target: 100,
        measure: 'ratio',
      }),
    ];
  } finally {
    await host.stop();
  }
}

/** The default search beside the default of 0.1, to the verdict, full-precision control included. */
async function defaultSearch(): Promise<BenchResult[]> {
  const host = await startBenchHost((at) => bundledWorkers(at, Math.min(16, availableParallelism())));
  try {
    const before = await costOf(host, 'before', {
      coefficients: { range: RANGE },
      optimizer: { type: 'cma-es', budget: 100 },
      racing: 'off',
      control: 'search',
    });
    const now = await costOf(host, 'now', { optimizer: { type: 'auto' }, control: 'search' });
    return [
      result({
        name: 'default-search',
        title: `the search of npm start to its verdict, control included (mean of ${SEEDS} seeds): held-out gain ${now.gain.toFixed(3)} against ${before.gain.toFixed(3)}`,
        ours: now.seconds,
        peer: before.seconds,
        unit: 's',
        better: 'lower',
        peerName: 'CMA-ES, 100 candidates on 40 pairs each',
        target: 2,
        measure: 'ratio',
      }),
    ];
  } finally {
    await host.stop();
  }
}

export const gainBenches = [
  { names: ['default-search'], run: defaultSearch },
  { names: ['images-to-gain', 'images-to-gain-prior', 'images-to-gain-grid'], run: imagesToGain },
];
