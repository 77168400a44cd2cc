/** Ratios of geometric-mean regrets with intervals over seeds. */
import { readFileSync } from 'node:fs';
import { createGenerator } from '../../optimizers/rng.js';
import type { Problems, Variant } from './surfaces.js';

const { exp, floor, log, min } = Math;
const RESAMPLES = 2000;

/** Runs of a peer on one problem, as tools/bench_peers/regrets.py writes them: regrets by seed and budget; null: not run. */
interface PeerRuns {
  readonly peer: string;
  readonly variant: Variant;
  /** name:dimension */
  readonly problem: string;
  /** Of the best point told. */
  readonly best: readonly (readonly (number | null)[])[];
  /** Of the point that the library recommends, if it has one of its own. */
  readonly recommended?: readonly (readonly (number | null)[])[];
}

export const readPeers = (): readonly PeerRuns[] =>
  (JSON.parse(readFileSync(new URL('peers.json', import.meta.url), 'utf8')) as { readonly runs: PeerRuns[] }).runs;

/** ln regret by problem, then by seed. */
type Logs = readonly (readonly number[])[];

/** An optimizer in one cell: a variant, a dimension and a budget. */
interface Entry {
  readonly name: string;
  readonly logs: Logs;
  readonly seeds: number;
  readonly mean: number;
}

export interface Comparison {
  readonly peer: Entry;
  /** Ours over the peer's, on the seeds of the peer. */
  readonly ratio: number;
  /** 95 %, seeds resampled: all problems of a seed together. */
  readonly interval: readonly [number, number];
  /** Ours on the seeds of the peer. */
  readonly ours: number;
}

const meanOf = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

export function entryOf(name: string, logs: Logs): Entry {
  const seeds = min(...logs.map((one) => one.length));
  return { name, logs, seeds, mean: exp(meanOf(logs.flatMap((one) => one.slice(0, seeds)))) };
}

/** Peers in one cell: of the best point told, or of the recommended one, whichever is better on average. */
export function peersIn(
  runs: readonly PeerRuns[],
  of: Problems,
  variant: Variant,
  dimension: number,
  at: number,
): Entry[] {
  const problems = of.problems.filter((one) => one.dimension === dimension).map(({ name }) => `${name}:${dimension}`);
  return [...new Set(runs.map(({ peer }) => peer))].flatMap((peer) => {
    const mine = problems.map((key) =>
      runs.find((one) => one.peer === peer && one.variant === variant && one.problem === key),
    );
    if (!mine.every((one) => one !== undefined)) return [];
    const entry = (rule: 'best' | 'recommended'): Entry[] =>
      mine.every((one) => one[rule] !== undefined)
        ? [
            entryOf(
              peer,
              mine.map((one) => logsAt(one[rule]!, at)),
            ),
          ]
        : [];
    const entries = [...entry('best'), ...entry('recommended')].filter(({ seeds }) => seeds > 0);
    return entries.length === 0 ? [] : [entries.reduce((a, b) => (b.mean < a.mean ? b : a))];
  });
}

/** The seeds, from the first on, that were run to the budget. */
function logsAt(runs: NonNullable<PeerRuns['recommended']>, at: number): number[] {
  const regrets = runs.map((one) => one[at] ?? null);
  const missing = regrets.indexOf(null);
  return (missing === -1 ? regrets : regrets.slice(0, missing)).map((one) => log(one!));
}

/** Ours beside one peer. */
export function compared(ours: Entry, peer: Entry): Comparison {
  const seeds = min(ours.seeds, peer.seeds);
  const bySeed = Array.from({ length: seeds }, (_, s) =>
    meanOf(ours.logs.map((one, p) => one[s]! - peer.logs[p]![s]!)),
  );
  const { uniform } = createGenerator(1);
  const means = Array.from({ length: RESAMPLES }, (_, r) =>
    meanOf(bySeed.map((_x, s) => bySeed[floor(seeds * uniform(r, s, 0))]!)),
  ).sort((a, b) => a - b);
  return {
    peer,
    ratio: exp(meanOf(bySeed)),
    interval: [exp(means[floor(0.025 * RESAMPLES)]!), exp(means[floor(0.975 * RESAMPLES)]!)],
    ours: exp(meanOf(ours.logs.flatMap((one) => one.slice(0, seeds)))),
  };
}
