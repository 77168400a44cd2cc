/**
 * Schedulers: from a configuration to steps, stepped one by one or fused.
 */
import type { Coefficients } from '../contract/coefficients.js';
import { QschedError } from '../contract/errors.js';
import { SCHEDULER_TYPES, type SchedulerType } from '../contract/names.js';
import { checkCoefficients, identityCoefficients } from './coefficients.js';
import type { SchedulerConfig } from './config-reader.js';
import { checkTimestepOptions, type TimestepOptions } from './definition.js';
import type { FusedSchedule, StepSchedule } from './fused.js';
import { SCHEDULERS } from './registry.js';
import { fuseStep, plainStep, runStep, type SchedulePlan, type StepCoefficients, type StepPlan } from './step-plan.js';

export interface StepOptions {
  /** Standard normal noise z, as long as the sample; needed if needsNoise(stepIndex). */
  readonly noise?: Float32Array | null;
  /** c^x and c^eps of this step; 1 and 1 by default. */
  readonly coefficients?: StepCoefficients;
}

/** The result of a step. */
export interface StepResult {
  /** x', float32. */
  readonly prevSample: Float32Array;
  /** The predicted x0, float32, after clipping; for LCM before its boundary blend. */
  readonly predOriginalSample: Float32Array;
}

export interface Scheduler {
  /** Short name, for example `tcd`. */
  readonly type: SchedulerType;
  /** The resolved configuration, in diffusers' key names, defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Chooses the number of steps. @throws QschedError (usage) naming what does not fit */
  setTimesteps(steps: number, options?: TimestepOptions): void;
  /** What the network receives, step by step, strictly falling (the consistency model's may be negative). */
  readonly timesteps: readonly number[];
  /** The initial latent is initNoiseSigma * z. */
  readonly initNoiseSigma: number;
  /** The network sees inputScale(i) * x. */
  inputScale(stepIndex: number): number;
  /** Whether noise has any weight in this step. */
  needsNoise(stepIndex: number): boolean;
  /** One step; coefficients scale sample and output, never the noise (Q-Sched, Eq. 2). */
  step(modelOutput: Float32Array, stepIndex: number, sample: Float32Array, options?: StepOptions): StepResult;
  /** All steps as they are sampled: fused, or clipped where the scheduler clips. @throws QschedError (usage): coefficients that do not fit */
  schedule(coefficients?: Coefficients): StepSchedule;
  /** All steps as x' = a x + b m + d + n z. @throws QschedError (usage): coefficients that do not fit, or a scheduler that clips */
  fused(coefficients?: Coefficients): FusedSchedule;
}

/**
 * A scheduler from `{ type: 'tcd', ... }` or from a diffusers scheduler_config.json (by `_class_name`).
 *
 * @throws QschedError (usage) if the class is unknown, or a key or value is not supported
 */
export function createScheduler(config: SchedulerConfig): Scheduler {
  const type = typeOf(config);
  const configured = SCHEDULERS[type].configure(config);
  let plan: SchedulePlan | null = null;

  const planned = (): SchedulePlan => {
    if (plan === null) {
      throw new QschedError(
        'usage',
        `The scheduler "${type}" has no timesteps yet.`,
        'Call setTimesteps(steps) first.',
      );
    }
    return plan;
  };
  const stepAt = (index: number): StepPlan => {
    const { steps } = planned();
    const step = steps[index];
    if (step === undefined) {
      throw new QschedError(
        'usage',
        `Step ${index} does not exist: the schedule has ${steps.length}, from 0 to ${steps.length - 1}.`,
        'Change stepIndex.',
      );
    }
    return step;
  };

  return {
    type,
    config: Object.freeze(configured.config),
    setTimesteps(steps, options = {}) {
      checkTimestepOptions(type, configured, steps, options);
      plan = configured.plan(steps, options);
    },
    get timesteps() {
      return planned().steps.map(({ timestep }) => timestep);
    },
    get initNoiseSigma() {
      return planned().initNoiseSigma;
    },
    inputScale: (index) => stepAt(index).inputScale,
    needsNoise: (index) => stepAt(index).prev.z !== 0,
    step(modelOutput, index, sample, { noise = null, coefficients = { sample: 1, noise: 1 } } = {}) {
      const step = stepAt(index);
      checkCoefficients({ sample: [coefficients.sample], noise: [coefficients.noise] }, 1);
      if (modelOutput.length !== sample.length) {
        throw new QschedError(
          'usage',
          `modelOutput has ${modelOutput.length} numbers, but the sample has ${sample.length}.`,
          'Pass both with the same length.',
        );
      }
      if (step.prev.z !== 0 && noise?.length !== sample.length) {
        throw new QschedError(
          'usage',
          `Step ${index} adds noise: ${noise === null ? 'none was given' : `${noise.length} numbers were given`}, but the sample has ${sample.length}.`,
          `Pass options.noise with ${sample.length} standard normal numbers.`,
        );
      }
      const prevSample = new Float32Array(sample.length);
      const predOriginalSample = new Float32Array(sample.length);
      runStep(step, coefficients, sample, modelOutput, noise, prevSample, predOriginalSample);
      return { prevSample, predOriginalSample };
    },
    schedule: (coefficients) => scheduleOf(planned(), type, coefficients, plainStep),
    fused: (coefficients) => scheduleOf(planned(), type, coefficients, fuseStep),
  };
}

function scheduleOf<S>(
  { steps, initNoiseSigma }: SchedulePlan,
  type: SchedulerType,
  coefficients: Coefficients | undefined,
  stepOf: (scheduler: string, plan: StepPlan, c: StepCoefficients) => S,
): { scheduler: string; initNoiseSigma: number; steps: S[] } {
  const c = coefficients ?? identityCoefficients(steps.length);
  checkCoefficients(c, steps.length);
  return {
    scheduler: type,
    initNoiseSigma,
    steps: steps.map((step, i) => stepOf(type, step, { sample: c.sample[i]!, noise: c.noise[i]! })),
  };
}

function typeOf({ type, _class_name: className }: SchedulerConfig): SchedulerType {
  const types = `Types: ${SCHEDULER_TYPES.join(', ')}.`;
  if (type === undefined && className === undefined) {
    throw new QschedError('usage', 'The scheduler config names neither a type nor a _class_name.', types);
  }
  const byType = SCHEDULER_TYPES.find((one) => one === type);
  const byClass = SCHEDULER_TYPES.find((one) => SCHEDULERS[one].className === className);
  if (type !== undefined && byType === undefined) {
    throw new QschedError('usage', `Unknown scheduler type "${type}".`, types);
  }
  if (className !== undefined && byClass === undefined) {
    throw new QschedError(
      'usage',
      `Unknown scheduler class "${className}".`,
      `Classes: ${SCHEDULER_TYPES.map((one) => SCHEDULERS[one].className).join(', ')}.`,
    );
  }
  if (byType !== undefined && byClass !== undefined && byType !== byClass) {
    throw new QschedError(
      'usage',
      `The scheduler config names the type "${byType}" and the class "${SCHEDULERS[byClass].className}", which are different schedulers.`,
      'Keep one of them.',
    );
  }
  return (byType ?? byClass)!;
}
