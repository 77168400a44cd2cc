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

const { exp, log, min, PI, sqrt } = Math;

/** A look at the data: how many prompts there were, and how large a share of the planned ones. */
export interface Look {
  readonly prompts: number;
  /** 0 to 1; what may be spent follows from it. At the last look 1; 0 where nothing is tested. */
  readonly fraction: number;
}

/** Walks further away than this many standard deviations are left out. */
const FAR = 7;
/** Less than this is not worth a test. */
const NOTHING = 1e-9;

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
  let walk: Walk = { at: [0], mass: [1], prompts: 0 };
  let spent = 0;
  return looks.map(({ prompts, fraction }) => {
    const more = spentAt(fraction, level) - spent;
    if (!(more > NOTHING)) return Infinity;
    spent += more;
    const critical = crossing(walk, prompts, more);
    walk = goOn(walk, prompts, critical);
    return critical;
  });
}

/** Where the walk is that has not crossed: probabilities of places, at a number of prompts. */
interface Walk {
  readonly at: ArrayLike<number>;
  readonly mass: ArrayLike<number>;
  readonly prompts: number;
}

/** The z beyond which the walk is with this probability, by Newton's method on its logarithm. */
function crossing({ at, mass, prompts: before }: Walk, prompts: number, probability: number): number {
  const [step, scale] = [sqrt(prompts - before), sqrt(prompts)];
  let z = upperQuantile(probability);
  for (let iteration = 0; iteration < 8; iteration += 1) {
    let beyond = 0;
    let density = 0;
    for (let i = 0; i < at.length; i += 1) {
      const u = (z * scale - at[i]!) / step;
      beyond += mass[i]! * upperTail(u);
      density += mass[i]! * exp((-u * u) / 2);
    }
    const move = (log(beyond / probability) * beyond * step * sqrt(2 * PI)) / (density * scale);
    z += move;
    if (Math.abs(move) < 1e-9) break;
  }
  return z;
}

/** The walk at this number of prompts, below the critical value. */
function goOn({ at, mass, prompts: before }: Walk, prompts: number, critical: number): Walk {
  const [step, scale] = [sqrt(prompts - before), sqrt(prompts)];
  const half = ((min(critical, FAR) + FAR) / 2) * scale;
  const middle = half - FAR * scale;
  const to = NODES.map((node) => middle + half * node);
  const density = to.map((place, n) => {
    let sum = 0;
    for (let i = 0; i < at.length; i += 1) sum += mass[i]! * exp(-(((place - at[i]!) / step) ** 2) / 2);
    return (sum / (step * sqrt(2 * PI))) * WEIGHTS[n]! * half;
  });
  return { at: to, mass: density, prompts };
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

const { nodes: NODES, weights: WEIGHTS } = gaussLegendre(32);
