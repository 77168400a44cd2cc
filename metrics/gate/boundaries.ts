/**
 * Critical values of a test that looks several times: error spending (Lan and DeMets 1983) of the kind of O'Brien and Fleming.
 *
 * Looking again and again at a test of 2.5 % finds something by chance far more often than that. A spending function says how
 * much of the level may be used up when a share t of the planned prompts is there; here
 *
 *   spent(t) = 2 P(Z > z / sqrt(t)),   P(Z > z) = level / 2
 *
 * which is next to nothing early, and nearly everything at the end. The critical values follow by numerical integration
 * over the looks (Armitage, McPherson and Rowe 1969): the sums of independent prompts are a random walk that is stopped
 * where it crosses.
 */
import { upperQuantile, upperTail } from './normal.js';

const { exp, min, PI, sqrt } = Math;

/** A look at the data: how many prompts there were, and how large a share of the planned ones. */
export interface Look {
  readonly prompts: number;
  /** 0 to 1; what may be spent follows from it. At the last look 1; 0 where nothing is tested. */
  readonly fraction: number;
}

/** Walks further away than this many standard deviations are left out. */
const FAR = 8;
/** Less than this is not worth a test. */
const NOTHING = 1e-12;

/** The part of `level` that may be spent when this share of the prompts is there. */
export const spentAt = (fraction: number, level: number): number =>
  fraction <= 0 ? 0 : fraction >= 1 ? level : 2 * upperTail(upperQuantile(level / 2) / sqrt(fraction));

/**
 * The critical value of each look on the scale of a standard normal statistic; Infinity where nothing may be spent.
 *
 * @param looks in their order, with more prompts at each
 * @param level one-sided, of all looks together
 */
export function criticalValues(looks: readonly Look[], level: number): number[] {
  // The walk before the first look: all of it at 0.
  let at: ArrayLike<number> = [0];
  let mass: ArrayLike<number> = [1];
  let [before, spent] = [0, 0];
  return looks.map(({ prompts, fraction }) => {
    const [step, scale] = [sqrt(prompts - before), sqrt(prompts)];
    const beyond = (z: number): number => {
      let sum = 0;
      for (let i = 0; i < at.length; i += 1) sum += mass[i]! * upperTail((z * scale - at[i]!) / step);
      return sum;
    };
    const more = spentAt(fraction, level) - spent;
    const critical = more > NOTHING ? whereItIs(beyond, more) : Infinity;
    spent += more > NOTHING ? more : 0;
    const end = min(critical, FAR) * scale;
    const middle = (end - FAR * scale) / 2;
    const half = (end + FAR * scale) / 2;
    const next = NODES.map((node) => middle + half * node);
    const density = (to: number): number => {
      let sum = 0;
      for (let i = 0; i < at.length; i += 1) sum += mass[i]! * exp(-(((to - at[i]!) / step) ** 2) / 2);
      return sum / (step * sqrt(2 * PI));
    };
    [at, mass, before] = [next, next.map((to, i) => density(to) * WEIGHTS[i]! * half), prompts];
    return critical;
  });
}

/** The z at which a falling function has this value. */
function whereItIs(falling: (z: number) => number, value: number): number {
  let [low, high] = [-FAR, FAR];
  for (let step = 0; step < 36; step += 1) {
    const middle = (low + high) / 2;
    if (falling(middle) > value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Nodes and weights of Gauss and Legendre on [-1, 1], by Newton's method. */
function gaussLegendre(n: number): { readonly nodes: number[]; readonly weights: number[] } {
  const [nodes, weights]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i += 1) {
    let x = Math.cos((PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 20; step += 1) {
      let [p, last] = [1, 0];
      for (let k = 1; k <= n; k += 1) [p, last] = [((2 * k - 1) * x * p - (k - 1) * last) / k, p];
      slope = (n * (x * p - last)) / (x * x - 1);
      x -= p / slope;
    }
    nodes.push(x);
    weights.push(2 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}

const { nodes: NODES, weights: WEIGHTS } = gaussLegendre(64);
