/**
 * Steps of a schedule as plain JSON, and what coefficients do to them.
 *
 *   fused     x' = a x + b m + d + n z
 *   clipped   x0 = clamp(x0.x x + x0.m m, -clip, clip), x' = prev.x0 x0 + prev.x x + prev.m m + prev.z z
 *
 * c^x multiplies the weights of the sample x, c^eps those of the network's output m, and what was added to it.
 */
import { z } from 'zod';

const finite = z.number('must be a finite number');

/** What every step has: when the network is called, and how its input is scaled. */
const call = {
  /** What the network receives as its timestep. */
  timestep: finite,
  /** The network sees inputScale * x. */
  inputScale: finite,
};

export const fusedWeights = {
  ...call,
  a: finite,
  b: finite,
  /** One number, or one per channel. */
  d: z.union([finite, z.array(finite)], 'must be a number, or one per channel'),
  n: finite,
};

/** A step of a scheduler that clips its predicted sample: it has no fused form. */
export const ClippedStep = z.strictObject({
  kind: z.literal('clipped'),
  ...call,
  /** Weights of the predicted sample. */
  x0: z.strictObject({ x: finite, m: finite }),
  /** Bound of the predicted sample. */
  clip: finite.positive(),
  /** Weights of the next sample. */
  prev: z.strictObject({ x0: finite, x: finite, m: finite, z: finite }),
});
export interface ClippedStep {
  readonly kind: 'clipped';
  readonly timestep: number;
  readonly inputScale: number;
  readonly x0: { readonly x: number; readonly m: number };
  readonly clip: number;
  readonly prev: { readonly x0: number; readonly x: number; readonly m: number; readonly z: number };
}

/** The weights of a fused step that coefficients scale. */
interface Scaled {
  readonly a: number;
  readonly b: number;
  readonly d: number | readonly number[];
}

/** Whether a step, tagged or not, clips. */
export const isClipped = (step: object): step is ClippedStep => 'kind' in step && step.kind === 'clipped';

/** Scales one fused step by c^x and c^eps. */
export const scaleFusedStep = <S extends Scaled>(step: S, sample: number, noise: number): S => ({
  ...step,
  a: step.a * sample,
  b: step.b * noise,
  // + 0 turns -0 into 0, which is what fusing gives.
  d: typeof step.d === 'number' ? step.d * noise + 0 : step.d.map((d) => d * noise + 0),
});

/** Scales one clipped step by c^x and c^eps. */
export const scaleClippedStep = ({ x0, prev, ...step }: ClippedStep, sample: number, noise: number): ClippedStep => ({
  ...step,
  x0: { x: x0.x * sample, m: x0.m * noise },
  prev: { ...prev, x: prev.x * sample, m: prev.m * noise },
});
