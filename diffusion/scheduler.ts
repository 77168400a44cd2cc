/**
 * Schedulers: from a configuration to steps, stepped one by one or fused.
 */
import type { Coefficients } from '../contract/coefficients.js';
import { QschedError } from '../contract/errors.js';
import { SCHEDULER_TYPES, type SchedulerType } from '../contract/names.js';
import { checkCoefficients, identityCoefficients } from './coefficients.js';
import type { SchedulerConfig } from './config-reader.js';
import { consistency } from './consistency.js';
import { ddim } from './ddim.js';
import { checkTimestepOptions, type SchedulerDefinition, type TimestepOptions } from './definition.js';
import { eulerAncestral } from './euler-ancestral.js';
import { euler } from './euler.js';
import { flowMatchEuler } from './flow-match-euler.js';
import type { FusedSchedule } from './fused.js';
import { lcm } from './lcm.js';
import { fuseStep, runStep, type SchedulePlan, type StepCoefficients, type StepPlan } from './step-plan.js';
import { tcd } from './tcd.js';

export interface StepOptions {
  /** Standard normal noise z, as long as the sample; needed where needsNoise(stepIndex). */
  readonly noise?: Float32Array | null;
  /** c^x and c^eps of this step; 1 and 1 where absent. */
  readonly coefficients?: StepCoefficients;
}

/** What a step gives. */
export interface StepResult {
  /** x', float32. */
  readonly prevSample: Float32Array;
  /** The predicted x0, float32, after clipping; for LCM before its boundary blend. */
  readonly predOriginalSample: Float32Array;
}

export interface Scheduler {
  /** Short name, for example `tcd`. */
  readonly type: string;
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
  /** All steps as x' = a x + b m + d + n z. @throws QschedError (usage): coefficients that do not fit, or a scheduler that clips */
  fused(coefficients?: Coefficients): FusedSchedule;
}

const DEFINITIONS: Readonly<Record<SchedulerType, SchedulerDefinition>> = {
  tcd,
  lcm,
  ddim,
  euler,
  'euler-ancestral': eulerAncestral,
  'flow-match-euler': flowMatchEuler,
  consistency,
};

/** Short names of all schedulers. */
export const schedulerTypes: readonly SchedulerType[] = SCHEDULER_TYPES;
const ALL = Object.values(DEFINITIONS);

/**
 * A scheduler from `{ type: 'tcd', ... }` or from a diffusers scheduler_config.json (by `_class_name`).
 *
 * @throws QschedError (usage) where the class is unknown, or a key or value is not supported
 */
export function createScheduler(config: SchedulerConfig): Scheduler {
  const definition = definitionOf(config);
  const { type } = definition;
  const configured = definition.configure(config);
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
          `modelOutput holds ${modelOutput.length} numbers, but the sample holds ${sample.length}.`,
          'Pass both with one length.',
        );
      }
      if (step.prev.z !== 0 && noise?.length !== sample.length) {
        throw new QschedError(
          'usage',
          `Step ${index} draws noise: ${noise === null ? 'none was given' : `${noise.length} numbers were given`}, the sample holds ${sample.length}.`,
          `Pass options.noise with ${sample.length} standard normal numbers.`,
        );
      }
      const prevSample = new Float32Array(sample.length);
      const predOriginalSample = new Float32Array(sample.length);
      runStep(step, coefficients, sample, modelOutput, noise, prevSample, predOriginalSample);
      return { prevSample, predOriginalSample };
    },
    fused(coefficients) {
      const { steps, initNoiseSigma } = planned();
      const c = coefficients ?? identityCoefficients(steps.length);
      checkCoefficients(c, steps.length);
      return {
        scheduler: type,
        initNoiseSigma,
        steps: steps.map((step, i) => fuseStep(type, step, { sample: c.sample[i]!, noise: c.noise[i]! })),
      };
    },
  };
}

function definitionOf(config: SchedulerConfig): SchedulerDefinition {
  const { type, _class_name: className } = config;
  if (type === undefined && className === undefined) {
    throw new QschedError(
      'usage',
      'The scheduler config names neither a type nor a _class_name.',
      `Types: ${schedulerTypes.join(', ')}.`,
    );
  }
  const byType = type === undefined ? undefined : ALL.find((one) => one.type === type);
  const byClass = className === undefined ? undefined : ALL.find((one) => one.className === className);
  if (type !== undefined && byType === undefined) {
    throw new QschedError('usage', `Unknown scheduler type "${type}".`, `Types: ${schedulerTypes.join(', ')}.`);
  }
  if (className !== undefined && byClass === undefined) {
    throw new QschedError(
      'usage',
      `Unknown scheduler class "${className}".`,
      `Classes: ${ALL.map((one) => one.className).join(', ')}.`,
    );
  }
  if (byType !== undefined && byClass !== undefined && byType !== byClass) {
    throw new QschedError(
      'usage',
      `The scheduler config names the type "${byType.type}" and the class "${byClass.className}", which are two schedulers.`,
      'Keep one of them.',
    );
  }
  return (byType ?? byClass)!;
}
