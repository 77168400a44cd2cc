/**
 * Schedules on the wire: fused steps, so that a worker needs no scheduler. A step is a tagged union: `fused` today,
 * x' = a x + b m + d + n z (diffusion/fused.ts).
 */
import { z } from 'zod';

const finite = z.number();

const FusedWireStep = z.strictObject({
  kind: z.literal('fused'),
  /** What the network receives as its timestep. */
  timestep: finite,
  /** The network sees inputScale * x. */
  inputScale: finite,
  a: finite,
  b: finite,
  /** One number, or one per channel. */
  d: z.union([finite, z.array(finite)]),
  n: finite,
});

export const WireStep = z.discriminatedUnion('kind', [FusedWireStep]);
export type WireStep = z.infer<typeof WireStep>;

/** All steps of one sampling run, without coefficients; PTQD's correction may be inside. */
export const WireSchedule = z.strictObject({
  scheduler: z.string(),
  /** The initial latent is initNoiseSigma * z. */
  initNoiseSigma: finite,
  steps: z.array(WireStep).min(1).max(50),
});
export type WireSchedule = z.infer<typeof WireSchedule>;

/** c^x and c^eps, one of each per step. */
export const WireCoefficients = z.strictObject({
  sample: z.array(finite).min(1).max(50),
  noise: z.array(finite).min(1).max(50),
});

/** A fused schedule as it is hashed and stored, without tags. */
interface Untagged {
  readonly scheduler: string;
  readonly initNoiseSigma: number;
  readonly steps: readonly {
    readonly timestep: number;
    readonly inputScale: number;
    readonly a: number;
    readonly b: number;
    readonly d: number | readonly number[];
    readonly n: number;
  }[];
}

/** A fused schedule for the wire. */
export const toWireSchedule = ({ scheduler, initNoiseSigma, steps }: Untagged): WireSchedule => ({
  scheduler,
  initNoiseSigma,
  steps: steps.map(({ timestep, inputScale, a, b, d, n }) => ({
    kind: 'fused',
    timestep,
    inputScale,
    a,
    b,
    d: typeof d === 'number' ? d : [...d],
    n,
  })),
});

/** The inverse. */
export const fromWireSchedule = ({ scheduler, initNoiseSigma, steps }: WireSchedule): Untagged => ({
  scheduler,
  initNoiseSigma,
  steps: steps.map(({ timestep, inputScale, a, b, d, n }) => ({ timestep, inputScale, a, b, d, n })),
});
