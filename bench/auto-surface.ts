/**
 * How many candidates the default optimizer needs on the measured surfaces of the bundled model: to 95 % of the way from the
 * baseline to the highest score, asked in batches of 8.
 *
 * Peers' runs are stored (bench/auto-surface/peers.json). Where QSCHED_BENCH_PYTHON is set, two of them are run again.
 */
import { readFileSync } from 'node:fs';
import { quantileSorted } from '../metrics/statistics/statistics.js';
import { runPeer } from './peer.js';
import { result, type BenchResult } from './results.js';
import { searchSurface } from './surfaces/surface-search.js';
import { readSurface } from './surfaces/surface-file.js';
import { trueSurface } from './surfaces/true-surface.js';

const SEEDS = 15;
const OPTIMIZER = 'auto';
/** The peer that is a Gaussian process too. */
const GAUSSIAN = 'gp-sampler';
/** Ours needs at most this share of the best other peer's candidates. */
const SHARE = 0.6;

interface Peers {
  readonly budget: number;
  readonly batch: number;
  /** Surface -> peer -> candidates by seed; null where the budget did not suffice. */
  readonly surfaces: Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>;
}

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as T;
const { budget, batch, surfaces } = read<Peers>('auto-surface/peers.json');
const targets = read<Record<string, number>>('auto-surface/targets.json');

/** One benchmark per surface; `auto-surface` runs all of them. */
export const surfaceBenches = Object.keys(surfaces).map((name) => ({
  names: ['auto-surface', `auto-surface-${name}`],
  run: () => measure(name),
}));

/** Median; a run that did not arrive counts as one more than the budget. */
const median = (runs: readonly (number | null)[]): number =>
  quantileSorted(
    runs.map((found) => found ?? budget + 1).toSorted((a, b) => a - b),
    0.5,
  );

async function measure(name: string): Promise<BenchResult[]> {
  const surface = trueSurface(readSurface(name));
  const ours = median(
    Array.from({ length: SEEDS }, (_, seed) => {
      const found = searchSurface(surface, { optimizer: OPTIMIZER, budget, batch, seed });
      const at = found.findIndex(({ score }) => score >= targets[name]!);
      return at < 0 ? null : at + 1;
    }),
  );
  recheck(name);
  const peers = Object.entries(surfaces[name]!).map(([peer, runs]) => ({ peer, candidates: median(runs) }));
  const best = peers.filter(({ peer }) => peer !== GAUSSIAN).reduce((a, b) => (b.candidates < a.candidates ? b : a));
  const like = peers.find(({ peer }) => peer === GAUSSIAN);
  const line = (end: string, { peer, candidates }: (typeof peers)[number], target: number): BenchResult =>
    result({
      name: `auto-surface-${name}${end}`,
      title: `candidates to 95 % of the gain on the measured surface of ${name}, median of ${SEEDS} seeds`,
      ours,
      peer: candidates,
      peerName: `${peer}, in batches of ${batch}`,
      unit: 'candidates',
      better: 'lower',
      target,
      measure: 'ratio',
    });
  return [line('', best, 1 / SHARE), ...(like === undefined ? [] : [line('-gp', like, 1)])];
}

/** Runs two stored runs again. @throws Error if one of them differs */
function recheck(name: string): void {
  if (process.env['QSCHED_BENCH_PYTHON'] === undefined) return;
  for (const [peer, runs] of Object.entries(surfaces[name]!).slice(0, 2)) {
    const args = ['--peers', peer, '--surfaces', name, '--seeds', '0'];
    const again = runPeer('../tools/bench_peers/true_surfaces.py', args)?.['candidates'] ?? null;
    if (again !== runs[0]) throw new Error(`${peer} on ${name}: ${again}, stored ${runs[0]}`);
  }
}
