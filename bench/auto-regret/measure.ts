/**
 * `auto-regret`: how far from the optimum of the population `auto` ends, beside other optimizers asked in the same batches.
 * Their regrets are stored (tools/bench_peers/regrets.py); a run repeats two of them if Python is there.
 */
import { runPeer } from '../peer.js';
import { result, type BenchResult } from '../results.js';
import { compared, entryOf, peersIn, readPeers, type Comparison } from './compare.js';
import { regretsOf } from './ours.js';
import { readProblems, type Problems, type Variant } from './surfaces.js';

const OURS = 'auto';
const PEER_NAMES: Readonly<Record<string, string>> = {
  ngopt: "Nevergrad 1.0.12's NGOpt",
  'one-plus-one': "Nevergrad 1.0.12's OnePlusOne",
  pycma: 'pycma 4.5.0',
  tpe: "Optuna 5.0.0's TPESampler",
  'gp-sampler': "Optuna 5.0.0's GPSampler",
};
/** The lower end of the interval of ours over the best peer's may be at most this. */
const MOST = 1.05;

interface Cell {
  readonly variant: Variant;
  readonly dimension: number;
  readonly budget: number;
  readonly seeds: number;
  readonly problems: number;
  /** Beside every peer, the best one first. */
  readonly comparisons: readonly Comparison[];
}

export const regretBenches = [
  { names: ['auto-regret'], run: () => Promise.resolve(measureRegret()) },
  { names: ['auto-regret-noise'], run: () => Promise.resolve(showNoise()) },
];

/** @throws Error if a peer's curve is not what it was */
function measureRegret(): BenchResult[] {
  recheck();
  const cells = cellsOf(readProblems(), 'prompts');
  process.stderr.write(tableOf(cells));
  return cells.map(line);
}

/** The same with independent noise instead of prompts: a table alone. */
function showNoise(): BenchResult[] {
  process.stderr.write(tableOf(cellsOf(readProblems(), 'noise')));
  return [];
}

function cellsOf(of: Problems, variant: Variant): Cell[] {
  const runs = readPeers();
  return [...new Set(of.problems.map(({ dimension }) => dimension))].flatMap((dimension) => {
    const problems = of.problems.filter((one) => one.dimension === dimension);
    const regrets = problems.map((problem) =>
      Array.from({ length: of.seeds }, (_, seed) => regretsOf(OURS, of, problem, variant, seed)),
    );
    return of.budgets.map((budget, at): Cell => {
      const ours = entryOf(
        OURS,
        regrets.map((bySeed) => bySeed.map((byBudget) => Math.log(byBudget[at]!))),
      );
      const comparisons = peersIn(runs, of, variant, dimension, at)
        .map((peer) => compared(ours, peer))
        .sort((a, b) => b.ratio - a.ratio);
      return { variant, dimension, budget, seeds: of.seeds, problems: problems.length, comparisons };
    });
  });
}

function line({ dimension, budget, problems, seeds, comparisons }: Cell): BenchResult {
  const best = comparisons[0]!;
  const [low, high] = best.interval;
  return {
    ...result({
      name: `auto-regret-${dimension}d-${budget}`,
      title:
        `geometric-mean regret, ${dimension} dimensions, ${budget} points in batches of 8, ` +
        `${problems} surfaces x ${seeds} seeds`,
      ours: best.ours,
      peer: best.peer.mean,
      unit: 'regret',
      better: 'lower',
      peerName: `${PEER_NAMES[best.peer.name] ?? best.peer.name}, ${best.peer.seeds} seeds`,
      target: 1 / MOST,
      measure: 'ratio',
    }),
    interval: [1 / high, 1 / low],
    command: 'npm run bench -- auto-regret',
  };
}

/** Of every peer in every cell: ours over the peer's. */
function tableOf(cells: readonly Cell[]): string {
  const rows = cells.map(({ variant, dimension, budget, comparisons }) => {
    const beside = comparisons.map(
      ({ peer, ratio, interval: [low, high] }) =>
        `${peer.name} ${peer.mean.toPrecision(2)}: ${ratio.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]` +
        ` (${peer.seeds})`,
    );
    return `${variant} ${dimension}-D ${budget}: ${comparisons[0]!.ours.toPrecision(2)} | ${beside.join(' | ')}\n`;
  });
  return `regret of ${OURS} | peer, its regret: ratio [95 % interval] (seeds)\n${rows.join('')}`;
}

function recheck(): void {
  const found = runPeer('../tools/bench_peers/regrets.py', ['--check']);
  if (found !== null && found['different'] !== 0) {
    throw new Error('peers ask other points than those of bench/auto-regret/peers.json: were packages updated?');
  }
}
