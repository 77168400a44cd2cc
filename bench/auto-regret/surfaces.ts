/**
 * The surfaces of `auto-regret`, evaluated in exactly the operations of tools/bench_peers/surfaces.py, which has the
 * formulas: only +, -, *, / and square roots, in the same order, so that both get the same bits.
 */
import { readFileSync } from 'node:fs';

const { max, sqrt } = Math;

interface Part {
  readonly kind: 'quadratic' | 'bowl' | 'cone' | 'flat' | 'cliff';
  readonly height: number;
  readonly bend: number;
  readonly centre: readonly number[];
  readonly matrix: readonly (readonly number[])[];
}

export interface Problem {
  readonly name: string;
  readonly dimension: number;
  readonly parts: readonly Part[];
  /** Of the optimum, by prompt and coordinate. */
  readonly jitter: readonly (readonly number[])[];
  /** By prompt. */
  readonly weights: readonly number[];
  /** The maximum of the population's mean, a point near it, and the mean there. */
  readonly optimum: number;
  readonly at: readonly number[];
  readonly scoreAt: number;
  /** Over the box. */
  readonly mean: number;
  /** Standard deviation of a score of the variant `noise`. */
  readonly noise: number;
}

/** What tools/bench_peers/problems.py writes. */
export interface Problems {
  readonly seeds: number;
  readonly budgets: readonly number[];
  readonly batch: number;
  /** Of a seed: indices of its prompts. */
  readonly prompts: readonly (readonly number[])[];
  readonly normals: readonly number[];
  readonly problems: readonly Problem[];
}

/** `prompts`: the mean over 20 prompts, the same for every candidate. `noise`: the population with independent noise. */
export type Variant = 'prompts' | 'noise';

const SMALLEST_REGRET = 1e-5;

export const readProblems = (): Problems =>
  JSON.parse(readFileSync(new URL('problems.json', import.meta.url), 'utf8')) as Problems;

function shape(kind: Part['kind'], y: readonly number[], q: number): number {
  if (kind === 'quadratic') return -q;
  if (kind === 'bowl') return -q / (1 + q);
  if (kind === 'cone') return 1 - sqrt(1 + q);
  if (kind === 'flat') return -(q * q) / (1 + q);
  return -y[0]! / sqrt(1 + y[0]! * y[0]!);
}

function partAt({ kind, height, bend, centre, matrix }: Part, x: readonly number[], jitter: readonly number[]): number {
  const z = x.map((value, i) => value - centre[i]! - jitter[i]!);
  const y = matrix.map((row) => {
    let total = 0;
    for (let i = 0; i < z.length; i += 1) total += row[i]! * z[i]!;
    return total;
  });
  for (let i = 1; i < y.length; i += 2) y[i]! += bend * y[i - 1]! * y[i - 1]!;
  let q = 0;
  for (const value of y) q += value * value;
  return height * shape(kind, y, q);
}

/** Mean over the prompts (indices) at x in the unit box. */
function meanScore({ parts, jitter, weights }: Problem, prompts: readonly number[], x: readonly number[]): number {
  let total = 0;
  for (const p of prompts) {
    let value = 0;
    for (const part of parts) value += partAt(part, x, jitter[p]!);
    total += weights[p]! * value;
  }
  return total / prompts.length;
}

/** The mean over all prompts: what regrets are about. */
export const population = (problem: Problem, x: readonly number[]): number =>
  meanScore(
    problem,
    problem.weights.map((_, p) => p),
    x,
  );

/** Share of (optimum - mean over the box) that x leaves, at least 1e-5. */
export const regretAt = (problem: Problem, x: readonly number[]): number =>
  max(SMALLEST_REGRET, (problem.optimum - population(problem, x)) / (problem.optimum - problem.mean));

/** Score of evaluation `index` (from 0) of the run of a seed. */
export function scoreOf(
  { prompts, normals, budgets }: Problems,
  problem: Problem,
  run: { readonly variant: Variant; readonly seed: number; readonly index: number },
  x: readonly number[],
): number {
  const { variant, seed, index } = run;
  if (variant === 'prompts') return meanScore(problem, prompts[seed]!, x);
  return population(problem, x) + problem.noise * normals[seed * budgets.at(-1)! + index]!;
}
