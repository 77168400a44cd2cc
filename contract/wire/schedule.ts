/**
 * Schedules on the wire: steps as numbers, so that a worker needs no scheduler. A step is a tagged union: `fused`, or
 * `clipped` where the scheduler clips its predicted sample (schedule-step.ts).
 */
import { z } from 'zod';
import { ClippedStep, fusedWeights, isClipped } from '../schedule-step.js';

const finite = z.number();

export const WireStep = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fused'), ...fusedWeights }),
  ClippedStep,
]);
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

/** A schedule as it is hashed and stored: fused steps have no tag there, as before there were tags. */
interface Stored {
  readonly scheduler: string;
  readonly initNoiseSigma: number;
  readonly steps: readonly (FusedWeights | ClippedStep)[];
}

interface FusedWeights {
  readonly timestep: number;
  readonly inputScale: number;
  readonly a: number;
  readonly b: number;
  readonly d: number | readonly number[];
  readonly n: number;
}

/** A schedule for the wire. */
export const toWireSchedule = ({ scheduler, initNoiseSigma, steps }: Stored): WireSchedule => ({
  scheduler,
  initNoiseSigma,
  steps: steps.map((step) => {
    if (isClipped(step)) return step;
    const { timestep, inputScale, a, b, d, n } = step;
    return { kind: 'fused', timestep, inputScale, a, b, d: typeof d === 'number' ? d : [...d], n };
  }),
});

/** The inverse. */
export const fromWireSchedule = ({ scheduler, initNoiseSigma, steps }: WireSchedule): Stored => ({
  scheduler,
  initNoiseSigma,
  steps: steps.map((step) => {
    if (step.kind === 'clipped') return step;
    const { timestep, inputScale, a, b, d, n } = step;
    return { timestep, inputScale, a, b, d, n };
  }),
});
