/**
 * How well work is distributed to many workers: simulated ones, so that the ideal time is known beforehand.
 *
 *   ideal = batches of 20 images x seconds per batch / workers that can be busy
 */
import type { SearchSpecInput } from '../contract/search-spec.js';
import type { MeasuredSearch } from './measured-search.js';
import { result, type BenchResult } from './results.js';
import { BATCH } from './simulated-workers.js';
import { runWorkers } from './workers-run.js';

/** Images of a candidate: 20 prompts with two seeds each. */
const PAIRS = 40;

interface Fleet {
  readonly name: string;
  readonly workers: number;
  readonly secondsPerBatch: number;
  readonly candidates: number;
  /** Workers that the optimizer can keep busy: OnePlusOne asks for one candidate at a time, which is two batches. */
  readonly busy: number;
  readonly spec: Pick<SearchSpecInput, 'coefficients' | 'optimizer'>;
  /** Minimum share of the ideal. */
  readonly target: number;
}

/** Share of the gain that `workers-16-auto` waits for. */
const SHARE = 0.97;

const LINEAR = { shape: 'linear', tune: 'both' } as const;
const CMA_ES = { coefficients: LINEAR, optimizer: { type: 'cma-es', budget: 96 } } as const;

const FLEETS: readonly Fleet[] = [
  { name: 'workers-4-cma-es', workers: 4, busy: 4, secondsPerBatch: 1, candidates: 96, spec: CMA_ES, target: 0.9 },
  { name: 'workers-16-cma-es', workers: 16, busy: 16, secondsPerBatch: 1, candidates: 96, spec: CMA_ES, target: 0.82 },
  {
    name: 'workers-16-cma-es-4s',
    workers: 16,
    busy: 16,
    secondsPerBatch: 4,
    candidates: 96,
    spec: CMA_ES,
    target: 0.94,
  },
  {
    name: 'workers-16-grid',
    workers: 16,
    busy: 16,
    secondsPerBatch: 1,
    candidates: 400,
    spec: { coefficients: { shape: 'single-scale' }, optimizer: { type: 'grid', gridPoints: 20, budget: 400 } },
    target: 0.95,
  },
  {
    name: 'workers-16-one-plus-one',
    workers: 16,
    busy: 2,
    secondsPerBatch: 1,
    candidates: 96,
    spec: { coefficients: LINEAR, optimizer: { type: 'one-plus-one', budget: 96 } },
    target: 0.9,
  },
];

/** One benchmark per fleet, and one of two optimizers on one fleet. */
export const fleetBenches = [
  ...FLEETS.map((fleet) => ({ names: [fleet.name], run: () => measure(fleet) })),
  { names: ['workers-16-auto'], run: compareOptimizers },
];

/** The default search beside CMA-ES without races, until both have the same gain. */
async function compareOptimizers(): Promise<BenchResult[]> {
  const run = (spec: Fleet['spec'], racing: 'on' | 'off') =>
    runWorkers({
      workers: 16,
      secondsPerBatch: 1,
      spec: {
        ...spec,
        racing,
        prompts: { count: PAIRS / 2, seeds: [0, 1] },
        select: { count: 4, finalists: 1 },
        confirm: { count: 20 },
      },
    });
  const cma = await run(CMA_ES, 'off');
  const auto = await run({ coefficients: LINEAR, optimizer: { type: 'auto' } }, 'on');
  const best = (of: MeasuredSearch): number => Math.max(...of.course.map(({ score }) => score));
  const wanted = cma.baseline + SHARE * (best(cma) - cma.baseline);
  const secondsTo = (of: MeasuredSearch): number =>
    of.course.find(({ score }) => score >= wanted)?.seconds ?? Number.POSITIVE_INFINITY;
  return [
    result({
      name: 'workers-16-auto',
      title: `16 simulated workers, 1 s per batch: time to ${SHARE} of the gain of CMA-ES with 96 candidates`,
      ours: secondsTo(auto),
      peer: secondsTo(cma),
      unit: 's',
      better: 'lower',
      peerName: 'CMA-ES, every candidate on all pairs',
      target: 1,
      measure: 'ratio',
    }),
  ];
}

async function measure({
  name,
  workers,
  busy,
  secondsPerBatch,
  candidates,
  spec,
  target,
}: Fleet): Promise<BenchResult[]> {
  const ideal = ((candidates * PAIRS) / BATCH) * (secondsPerBatch / busy);
  const run = await runWorkers({
    workers,
    secondsPerBatch,
    spec: {
      ...spec,
      racing: 'off',
      prompts: { count: PAIRS / 2, seeds: [0, 1] },
      select: { count: 4, finalists: 1 },
      confirm: { count: 20 },
    },
  });
  if (run.candidates !== candidates) throw new Error(`${name}: ${run.candidates} candidates, not ${candidates}`);
  process.stderr.write(`  ${run.seconds.toFixed(2)} s, ideal ${ideal} s\n`);
  return [
    result({
      name,
      title: `${workers} simulated workers, ${spec.optimizer?.type}: share of the ideal throughput (${ideal} s)`,
      ours: ideal / run.seconds,
      unit: 'share',
      better: 'higher',
      target,
      measure: 'ours',
    }),
  ];
}
