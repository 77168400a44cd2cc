/**
 * One sampling step as numbers, the form that every scheduler here reduces to:
 *
 *   x0 = x0.x * x + x0.m * m                     predicted original sample
 *   x0 = clamp(x0, -clip, clip)                  if the scheduler clips
 *   x' = prev.x0 * x0 + prev.x * x + prev.m * m + prev.z * z
 *
 * Coefficients (Q-Sched, Eq. 2) scale x to c^x x and m to c^eps m first; z and the network's
 * input are never scaled. Without clipping the step is affine, and fuses; otherwise it is sampled as it is.
 */
import { QschedError } from '../contract/errors.js';
import { scaleClippedStep, type ClippedStep } from '../contract/schedule-step.js';
import type { FusedStep } from './fused.js';

export interface StepPlan {
  readonly timestep: number;
  readonly inputScale: number;
  /** Weights of the predicted original sample. */
  readonly x0: { readonly x: number; readonly m: number };
  /** Bound of the predicted original sample; null if the scheduler does not clip. */
  readonly clip: number | null;
  /** Weights of the next sample. */
  readonly prev: { readonly x0: number; readonly x: number; readonly m: number; readonly z: number };
}

/** A scheduler's plan for one number of steps. */
export interface SchedulePlan {
  readonly initNoiseSigma: number;
  readonly steps: readonly StepPlan[];
}

/** c^x and c^eps of one step. */
export interface StepCoefficients {
  readonly sample: number;
  readonly noise: number;
}

type Samples = Float32Array | Float64Array;

/** The step itself, in float64; writes x' and x0 (null if not needed), rounded to the type of their arrays. */
export function runStep(
  plan: StepPlan,
  c: StepCoefficients,
  sample: Samples,
  modelOutput: Samples,
  noise: Samples | null,
  prevSample: Samples,
  predOriginalSample: Samples | null,
): void {
  const { x0, clip, prev } = plan;
  for (let i = 0; i < sample.length; i++) {
    const x = c.sample * sample[i]!;
    const m = c.noise * modelOutput[i]!;
    const raw = x0.x * x + x0.m * m;
    const original = clip === null ? raw : Math.min(clip, Math.max(-clip, raw));
    prevSample[i] = prev.x0 * original + prev.x * x + prev.m * m + (prev.z === 0 ? 0 : prev.z * noise![i]!);
    if (predOriginalSample !== null) predOriginalSample[i] = original;
  }
}

/** The same step as it is sampled: fused, unless it clips. */
export function plainStep(scheduler: string, plan: StepPlan, c: StepCoefficients): FusedStep | ClippedStep {
  const { clip } = plan;
  return clip === null
    ? fuseStep(scheduler, plan, c)
    : scaleClippedStep({ kind: 'clipped', ...plan, clip }, c.sample, c.noise);
}

/**
 * The same step as x' = a x + b m + d + n z, with d = 0.
 *
 * @throws QschedError (usage) if the step clips: clamping is not affine
 */
export function fuseStep(scheduler: string, plan: StepPlan, c: StepCoefficients): FusedStep {
  const { x0, clip, prev, timestep, inputScale } = plan;
  if (clip !== null) {
    throw new QschedError(
      'usage',
      `The scheduler "${scheduler}" clips its predicted sample to [-${clip}, ${clip}], so its steps are not affine and cannot be fused.`,
      'Turn clipping off in the scheduler config ("clip_sample": false, or "clip_denoised": false) if the model was trained without it.',
    );
  }
  return {
    timestep,
    inputScale,
    a: (prev.x0 * x0.x + prev.x) * c.sample,
    b: (prev.x0 * x0.m + prev.m) * c.noise,
    d: 0,
    n: prev.z,
  };
}
