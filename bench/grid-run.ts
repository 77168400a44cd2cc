/**
 * A grid on the bundled model, with the scoring processes that `qsched up` starts.
 */
import { startScoringProcesses } from '../cli/host/scoring-process.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { parseSearchSpec } from '../contract/validate.js';
import type { WorkerAddress } from '../worker/workers.js';
import { measureSearch, type MeasuredSearch, type Stoppable } from './measured-search.js';

const MODEL = 'shapes';
/** Points per dimension of the grid. */
export const GRID_POINTS = 11;
/** Images per candidate: 20 prompts with two seeds each. */
export const PAIRS = 40;

/** The grid of the paper's reference: both coefficients, the end fixed at 1. */
const gridSpec = (steps: number): SearchSpec =>
  parseSearchSpec({
    model: MODEL,
    precision: 'w4a8',
    scheduler: { steps },
    coefficients: { shape: 'single-scale' },
    prompts: { count: PAIRS / 2, seeds: [0, 1] },
    optimizer: { type: 'grid', gridPoints: GRID_POINTS, budget: GRID_POINTS ** 2 },
    select: { count: 4, finalists: 1 },
    confirm: { count: 20 },
  });

/** @param processes scoring processes, with one thread of ONNX Runtime each */
export const runGrid = (steps: number, processes: number): Promise<MeasuredSearch> =>
  measureSearch(gridSpec(steps), (at) => bundledWorkers(at, processes));

/** Scoring processes that serve the bundled model, with one thread of ONNX Runtime each. */
export async function bundledWorkers({ address, namespace }: WorkerAddress, processes: number): Promise<Stoppable> {
  const scoring = startScoringProcesses({
    processes,
    threads: 1,
    models: [MODEL],
    address,
    namespace,
    say: (line) => {
      process.stderr.write(`${line}\n`);
    },
  });
  await scoring.ready;
  return scoring;
}
