/**
 * Evaluations until the loss is below 1e-8, medians over 15 seeds, beside cmaes and Nevergrad on the same functions, starts
 * and steps. A line is the function on which ours is the worst.
 */
import { createOptimizer, type OptimizerOptions, type Point } from '../optimizers/index.js';
import { runPeer } from './peer.js';
import { result, type BenchResult } from './results.js';

const SEEDS = Array.from({ length: 15 }, (_, seed) => seed);
const TARGET = 1e-8;
const MOST = 10_000;
/** Ours may need 15 % more. */
const SHARE = 1 / 1.15;

type Problem = Omit<OptimizerOptions, 'seed' | 'budget'>;
interface Case {
  /** As bench/optimizer_peers.py names it. */
  readonly name: string;
  readonly problem: Problem;
  readonly loss: (point: Point) => number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0);
const sphere = (x: Point): number => sum(x.map((v) => v * v));
const ellipsoid = (x: Point): number => sum(x.map((v, i) => 1e6 ** (i / (x.length - 1)) * v * v));
const rosenbrock = (x: Point): number => sum(x.slice(1).map((v, i) => 100 * (v - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2));
const around =
  (optimum: number) =>
  (x: Point): number =>
    sum(x.map((v) => ((v - optimum) / 0.4) ** 2));

const repeated = (n: number, x: number): number[] => new Array<number>(n).fill(x);

/** A box so wide that it does not matter. */
const wide = (n: number, start: number, sigma: number): Problem => ({
  space: { lower: repeated(n, -1000), upper: repeated(n, 1000) },
  start: repeated(n, start),
  stepSize: sigma / 2000,
});

const box = (n: number, batch?: number): Problem => ({
  space: { lower: repeated(n, 0.8), upper: repeated(n, 1.2) },
  ...(batch === undefined ? {} : { batch }),
});

const CMA_CASES: readonly Case[] = [
  ...[2, 4, 5].flatMap((n) => [
    { name: `sphere-${n}`, problem: wide(n, 3, 2), loss: sphere },
    { name: `ellipsoid-${n}`, problem: wide(n, 3, 2), loss: ellipsoid },
    { name: `rosenbrock-${n}`, problem: wide(n, 0, 0.5), loss: rosenbrock },
  ]),
  ...[2, 4].flatMap((n) =>
    [0.93, 1.2].map((optimum) => ({ name: `box-${optimum}-${n}`, problem: box(n), loss: around(optimum) })),
  ),
];

const ONE_PLUS_ONE_CASES: readonly Case[] = [
  [2, 1],
  [4, 1],
  [5, 1],
  [4, 4],
  [4, 8],
].map(([n, batch]) => ({ name: `box-${n}-batch-${batch}`, problem: box(n!, batch), loss: around(0.93) }));

export const optimizerBenches = [
  {
    names: ['optimizer-cmaes'],
    run: () => Promise.resolve(measure('optimizer-cmaes', 'cma-es', CMA_CASES, 'cmaes', 'cmaes 0.13.1')),
  },
  {
    names: ['optimizer-oneplusone'],
    run: () =>
      Promise.resolve(
        measure('optimizer-oneplusone', 'one-plus-one', ONE_PLUS_ONE_CASES, 'oneplusone', 'Nevergrad 1.0.12'),
      ),
  },
];

/** Evaluations until the target, or the most. */
function evaluations(optimizer: string, { problem, loss }: Case, seed: number): number {
  const one = createOptimizer(optimizer, { ...problem, seed, budget: MOST });
  for (let points = one.ask(); points.length > 0; points = one.ask()) {
    const losses = points.map(loss);
    const hit = losses.findIndex((value) => value < TARGET);
    if (hit >= 0) return one.asked + hit + 1;
    one.tell(
      points,
      losses.map((value) => -value),
    );
  }
  return MOST;
}

function measure(
  name: string,
  optimizer: string,
  cases: readonly Case[],
  script: string,
  peerName: string,
): BenchResult[] {
  const peers = runPeer('optimizer_peers.py', [script]);
  const rows = cases
    .map((one) => ({
      name: one.name,
      ours: SEEDS.map((seed) => evaluations(optimizer, one, seed)).toSorted((a, b) => a - b)[SEEDS.length >> 1]!,
      peer: peers?.[one.name] ?? null,
    }))
    .toSorted((a, b) => b.ours / (b.peer ?? b.ours) - a.ours / (a.peer ?? a.ours));
  for (const row of rows) {
    process.stderr.write(`${row.name}: ${row.ours} evaluations, ${peerName} ${row.peer ?? '-'}\n`);
  }
  const worst = rows[0]!;
  return [
    result({
      name,
      title:
        `${optimizer}: evaluations to 1e-8, median of ${SEEDS.length} seeds, on ${worst.name}, ` +
        `the worst of ${rows.length} functions beside the peer`,
      ours: worst.ours,
      peer: worst.peer,
      unit: 'evaluations',
      better: 'lower',
      peerName,
      target: SHARE,
      measure: 'ratio',
    }),
  ];
}
