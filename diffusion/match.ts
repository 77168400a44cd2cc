/**
 * Least-squares matching: the two coefficients that bring a step of the quantised network nearest to the same step of the
 * full-precision network. A fused step is x' = a c^x x + c^eps (b m + d) + n z, and both networks draw the same noise z,
 * which cancels. With x_q, q the sample and output of the quantised trajectories, x_e, e of the full-precision ones,
 *
 *   u = a x_q,  v = b q + d,  y = a x_e + b e + d
 *
 *   minimise |c^x u + c^eps v - y|^2:   [uu uv] [c^x  ]   [uy]
 *                                       [uv vv] [c^eps] = [vy]
 *
 * over all numbers of all latents. The steps are fitted in order: the quantised trajectories go on with the coefficients
 * found so far, so that a later step also corrects what earlier ones left.
 *
 * A coefficient that the equations do not determine stays 1: that of u or v where it is zero, c^x where u and v are
 * collinear, and what would lie outside (0, 10].
 */
import { QschedError } from '../contract/errors.js';
import type { FusedStep } from './fused.js';

const { floor, max, sqrt } = Math;

/** Why matching refuses a scheduler that clips. */
export const MATCH_NEEDS = 'a least-squares match fits fused steps';

/** Share of uu vv that the determinant must exceed: below it is rounding of float32. */
const COLLINEAR = 1e-9;
/** Largest coefficient, as in specs. */
const LARGEST = 10;

/** Trajectories of one network before a step: sample and output of each, (C, h, w). */
export interface BeforeStep {
  readonly samples: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
}

/** The fit of one step. */
export interface MatchStep {
  /** c^x. */
  readonly sample: number;
  /** c^eps. */
  readonly noise: number;
  /** Root mean square distance to the full-precision step with coefficients of 1, and with these. */
  readonly before: number;
  readonly after: number;
  /** Coefficients that the equations do not determine: they are 1. */
  readonly fixed: readonly ('sample' | 'noise')[];
}

/** Inner products of u, v and y over all numbers, and how many those are. */
interface Sums {
  readonly uu: number;
  readonly uv: number;
  readonly vv: number;
  readonly uy: number;
  readonly vy: number;
  readonly yy: number;
  readonly count: number;
}

/**
 * Fits one step.
 *
 * @param step without coefficients
 * @param reference the full-precision trajectories; at least one
 * @param quantised as many, of the same prompts and seeds
 * @param channels of a sample
 * @throws QschedError (failure) if an output is not finite
 */
export function fitMatch(step: FusedStep, reference: BeforeStep, quantised: BeforeStep, channels: number): MatchStep {
  const sums = sumsOf(step, reference, quantised, channels);
  if (!Object.values(sums).every(Number.isFinite)) {
    throw new QschedError(
      'failure',
      `The step at timestep ${step.timestep} cannot be matched: an output of a network is not finite.`,
      'Check the quantised network.',
    );
  }
  const found = solve(sums);
  return { ...found, before: distance(sums, 1, 1), after: distance(sums, found.sample, found.noise) };
}

function sumsOf(
  { a, b, d }: FusedStep,
  { samples, outputs }: BeforeStep,
  quantised: BeforeStep,
  channels: number,
): Sums {
  let [uu, uv, vv, uy, vy, yy, count] = [0, 0, 0, 0, 0, 0, 0];
  samples.forEach((x, row) => {
    const [e, xq, q] = [outputs[row]!, quantised.samples[row]!, quantised.outputs[row]!];
    const plane = x.length / channels;
    for (let i = 0; i < x.length; i++) {
      const offset = typeof d === 'number' ? d : d[floor(i / plane)]!;
      const u = a * xq[i]!;
      const v = b * q[i]! + offset;
      const y = a * x[i]! + b * e[i]! + offset;
      uu += u * u;
      uv += u * v;
      vv += v * v;
      uy += u * y;
      vy += v * y;
      yy += y * y;
    }
    count += x.length;
  });
  return { uu, uv, vv, uy, vy, yy, count };
}

/** Both coefficients if they are determined, else one of them, else none. */
function solve({ uu, uv, vv, uy, vy }: Sums): Pick<MatchStep, 'sample' | 'noise' | 'fixed'> {
  const determinant = uu * vv - uv * uv;
  if (determinant > COLLINEAR * uu * vv) {
    const [sample, noise] = [(vv * uy - uv * vy) / determinant, (uu * vy - uv * uy) / determinant];
    if (isCoefficient(sample) && isCoefficient(noise)) return { sample, noise, fixed: [] };
  }
  const noise = (vy - uv) / vv; // NaN or infinite where v is zero
  if (isCoefficient(noise)) return { sample: 1, noise, fixed: ['sample'] };
  const sample = (uy - uv) / uu;
  if (isCoefficient(sample)) return { sample, noise: 1, fixed: ['noise'] };
  return { sample: 1, noise: 1, fixed: ['sample', 'noise'] };
}

const isCoefficient = (value: number): boolean => value > 0 && value <= LARGEST;

/** Root mean square of c^x u + c^eps v - y. */
function distance({ uu, uv, vv, uy, vy, yy, count }: Sums, cx: number, ce: number): number {
  const squares = cx * cx * uu + 2 * cx * ce * uv + ce * ce * vv - 2 * (cx * uy + ce * vy) + yy;
  return sqrt(max(0, squares) / count);
}
