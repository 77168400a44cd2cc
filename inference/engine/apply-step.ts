/**
 * Kinds of steps. No other file tells them apart: a new kind is a member of `WireStep` (contract/wire/schedule.ts), with
 * `timestep` and `inputScale`, and a case here.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import { scaleClippedStep, scaleFusedStep } from '../../contract/schedule-step.js';
import type { WireSchedule, WireStep } from '../../contract/wire/schedule.js';
import { checkCoefficients } from '../../diffusion/coefficients.js';
import { applyFused } from '../../diffusion/fused.js';
import { runStep } from '../../diffusion/step-plan.js';

/** What sampling needs to know of a step. */
interface StepRule {
  readonly needsNoise: boolean;
  /** The step for the sample c^x x and the network's output c^eps m. */
  scaled(sample: number, noise: number): WireStep;
  /** @param z standard normal noise; null if the step needs none. @param out receives x' */
  apply(x: Float32Array, m: Float32Array, z: Float32Array | null, out: Float32Array, channels: number): void;
}

/** The coefficients are inside the step. */
const UNSCALED = { sample: 1, noise: 1 };

/** The rule of one step. */
export function ruleOf(step: WireStep): StepRule {
  switch (step.kind) {
    case 'fused':
      return {
        needsNoise: step.n !== 0,
        scaled: (sample, noise) => scaleFusedStep(step, sample, noise),
        apply: (x, m, z, out, channels) => applyFused(step, x, m, z, out, channels),
      };
    case 'clipped':
      return {
        needsNoise: step.prev.z !== 0,
        scaled: (sample, noise) => scaleClippedStep(step, sample, noise),
        apply: (x, m, z, out) => runStep(step, UNSCALED, x, m, z, out, null),
      };
  }
}

/**
 * The baseline with a candidate's coefficients inside.
 *
 * @throws QschedError (usage) if their number is not that of the steps, or one is not finite
 */
export function scaleSchedule(baseline: WireSchedule, coefficients: Coefficients): WireSchedule {
  checkCoefficients(coefficients, baseline.steps.length);
  const { sample, noise } = coefficients;
  return { ...baseline, steps: baseline.steps.map((step, i) => ruleOf(step).scaled(sample[i]!, noise[i]!)) };
}
