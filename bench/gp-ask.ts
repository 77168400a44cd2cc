/**
 * How long the Gaussian process thinks: an ask after 104 points in four dimensions, beside Optuna's GPSampler. Seconds of
 * processor time on both sides, which other programs on the machine do not change.
 */
import { createOptimizer, type OptimizerOptions, type Point } from '../optimizers/index.js';
import { runPeer } from './peer.js';
import { result, type BenchResult } from './results.js';

const TOLD = 104;
const BATCH = 8;
const REPEATS = 7;
const WARM_UP = 3;
const space = { lower: [0.8, 0.8, 0.8, 0.8], upper: [1.2, 1.2, 1.2, 1.2] };

const score = (point: Point): number => -point.reduce((sum, x) => sum + ((x - 0.95) / 0.4) ** 2, 0);

/** Seconds per point of a batch of eight, all threads together. */
function secondsPerAsk(seed: number): number {
  const options: OptimizerOptions = { space, seed, budget: TOLD + BATCH, batch: BATCH };
  const optimizer = createOptimizer('gp', options);
  const points = createOptimizer('random', { ...options, batch: TOLD }).ask();
  for (let from = 0; from < TOLD; from += BATCH) {
    const some = points.slice(from, from + BATCH);
    optimizer.tell(some, some.map(score));
  }
  const start = process.cpuUsage();
  const asked = optimizer.ask().length;
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6 / asked;
}

function gpAsk(): Promise<BenchResult[]> {
  for (let i = 0; i < WARM_UP; i += 1) secondsPerAsk(0); // compiled by then
  const seconds = Array.from({ length: REPEATS }, (_, i) => secondsPerAsk(i + 1)).sort((a, b) => a - b);
  const peer = runPeer('gp_ask.py', []);
  return Promise.resolve([
    result({
      name: 'gp-ask',
      title: `one ask of the Gaussian process after ${TOLD} points in 4 dimensions, ${BATCH} together, processor time`,
      ours: seconds[REPEATS >> 1]!,
      peer: peer?.['seconds'] ?? null,
      unit: 's',
      better: 'lower',
      peerName: 'Optuna 5.0.0, GPSampler',
      target: 0.02,
      measure: 'ours',
    }),
  ]);
}

export const gpBenches = [{ names: ['gp-ask'], run: gpAsk }];
