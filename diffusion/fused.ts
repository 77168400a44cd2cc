/**
 * The fused schedule: every step of a scheduler without clipping is affine,
 *
 *   x' = a * x + b * m + d + n * z
 *
 * with x the sample, m the network's output, z standard normal noise. The coefficients
 * c^x and c^eps (Q-Sched, Eq. 2) and PTQD's correction are already inside a, b, d, n:
 * sampling with them costs exactly what sampling without them costs.
 */
import { QschedError } from '../contract/errors.js';
import { isClipped, type ClippedStep } from '../contract/schedule-step.js';

/** One step of a fused schedule. */
export interface FusedStep {
  /** What the scheduler gives the network; a fraction for schedulers that interpolate. */
  readonly timestep: number;
  /** The network sees inputScale * x (scale_model_input); 1 for TCD, LCM, DDIM and flow matching. */
  readonly inputScale: number;
  /** Weight of the sample. */
  readonly a: number;
  /** Weight of the network's output. */
  readonly b: number;
  /** Offset: one number, or one per channel. */
  readonly d: number | readonly number[];
  /** Weight of the noise; 0 if the step adds none. */
  readonly n: number;
}

/** All steps of one sampling run. */
export interface FusedSchedule {
  /** Type of the scheduler that it was made from, for example `tcd`. */
  readonly scheduler: string;
  /** The initial latent is initNoiseSigma * z. */
  readonly initNoiseSigma: number;
  readonly steps: readonly FusedStep[];
}

/** All steps of one sampling run; those of a scheduler that clips its predicted sample have no fused form. */
export interface StepSchedule extends Omit<FusedSchedule, 'steps'> {
  readonly steps: readonly (FusedStep | ClippedStep)[];
}

/**
 * A schedule whose steps are all fused.
 *
 * @param purpose what they are needed for, as in `PTQD corrects fused steps`
 * @throws QschedError (usage) if a step clips
 */
export function requireFused(schedule: StepSchedule, purpose: string): FusedSchedule {
  const clipped = schedule.steps.find(isClipped);
  if (clipped === undefined) return schedule as FusedSchedule;
  throw new QschedError(
    'usage',
    `The scheduler "${schedule.scheduler}" clips its predicted sample to [-${clipped.clip}, ${clipped.clip}]: its steps have no fused form, and ${purpose}.`,
    'Turn clipping off in the scheduler config ("clip_sample": false, or "clip_denoised": false) if the model was trained without it.',
  );
}

/**
 * Applies one fused step: out = a * sample + b * modelOutput + d + n * noise.
 *
 * Sums in float64 and rounds once, to float32. `out` may be `sample` or `modelOutput` itself.
 *
 * @param sample x, one sample or a batch, flat
 * @param modelOutput m, as long as `sample`
 * @param noise z, as long as `sample`; null only if step.n is 0
 * @param out receives x', as long as `sample`
 * @param channels channels of one sample stored channel by channel; needed if d is per channel
 * @throws QschedError (usage) if lengths differ, noise is missing, or d does not fit the channels
 */
export function applyFused(
  step: FusedStep,
  sample: Float32Array,
  modelOutput: Float32Array,
  noise: Float32Array | null,
  out: Float32Array,
  channels?: number,
): void {
  const { a, b, d, n } = step;
  const length = sample.length;
  checkLength('modelOutput', modelOutput.length, length);
  checkLength('out', out.length, length);
  if (n !== 0) {
    if (noise === null) {
      throw new QschedError(
        'usage',
        `The step at timestep ${step.timestep} adds noise, but none was given.`,
        'Pass standard normal noise as long as the sample.',
      );
    }
    checkLength('noise', noise.length, length);
  }
  const z = n === 0 ? null : noise;
  if (typeof d === 'number') {
    affine(a, b, d, n, sample, modelOutput, z, out, 0, length);
    return;
  }
  if (channels === undefined || channels !== d.length || length % channels !== 0) {
    throw new QschedError(
      'usage',
      `The step at timestep ${step.timestep} has an offset for ${d.length} channels, but channels is ${String(channels)} and the sample has ${length} numbers.`,
      'Pass the number of channels of one sample, and one sample at a time.',
    );
  }
  const plane = length / channels;
  for (let c = 0; c < channels; c++) affine(a, b, d[c]!, n, sample, modelOutput, z, out, c * plane, (c + 1) * plane);
}

function affine(
  a: number,
  b: number,
  d: number,
  n: number,
  x: Float32Array,
  m: Float32Array,
  z: Float32Array | null,
  out: Float32Array,
  from: number,
  to: number,
): void {
  if (z === null) for (let i = from; i < to; i++) out[i] = a * x[i]! + b * m[i]! + d;
  else for (let i = from; i < to; i++) out[i] = a * x[i]! + b * m[i]! + d + n * z[i]!;
}

function checkLength(name: string, actual: number, expected: number): void {
  if (actual !== expected) {
    throw new QschedError(
      'usage',
      `${name} has ${actual} numbers, but the sample has ${expected}.`,
      `Pass ${name} with ${expected} numbers.`,
    );
  }
}
