/**
 * What a config of diffusers can say: `scheduler_config.json`, and the arguments of the pipeline's call.
 *
 * Without coefficients every schedule can be said. With them, FlowMatchEulerDiscreteScheduler computes both
 * timesteps = sigmas T and steps sigma' - sigma from one list, with T its num_train_timesteps; the networks divide the
 * timestep by 1000 whatever T is. With sigmas and T replaced by c sigmas and T / c the timesteps stay, and every step is
 * scaled by c: one c^eps for all steps, as long as T / c is whole. Nothing scales the sample. (In 0.42.1 `set_timesteps` keeps
 * sigmas and timesteps apart if both are given, but pipelines pass one of them, and diffusers #14011 computes the
 * timesteps from the sigmas.)
 */
import { QschedError } from '../contract/errors.js';
import type { SchedulerConfig } from '../diffusion/config-reader.js';
import { configFor } from '../diffusion/other-sampler.js';
import { sameFactor, scaledSample } from './coefficient-shape.js';
import { EVERYWHERE, eulerFactors, listed } from './sigma-ladder.js';
import type { ExportedSchedule, ExportTarget } from './target.js';

const TARGET = 'A config of diffusers';

/** A list of levels that is used as it is. */
const UNSHIFTED = { shift: 1, use_dynamic_shifting: false, shift_terminal: null };

export const diffusersConfig: ExportTarget = {
  help: 'scheduler/scheduler_config.json and sampling.json, where a config alone can express the schedule',
  write(schedule) {
    const { provenance, scheduler } = schedule.document;
    const { config, call } = expressed(schedule);
    const distilled = 'sigmas' in call ? { distilled_sigmas: call['sigmas'] } : {};
    const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
    return {
      files: [
        { name: 'scheduler/scheduler_config.json', content: json(config) },
        { name: 'sampling.json', content: json({ call, ...distilled, provenance }) },
      ],
      notes: [
        `pipe.scheduler = ${String(config['_class_name'])}.from_pretrained(FOLDER, subfolder="scheduler")`,
        `pipe(prompt, **call) with call = ${JSON.stringify(call)}`,
        ...(scheduler.type.startsWith('flow')
          ? ['"distilled_sigmas" of sampling.json belongs into modular_model_index.json, for pipelines that read it']
          : []),
      ],
    };
  },
};

interface Expressed {
  readonly config: Readonly<Record<string, unknown>>;
  /** Arguments of the pipeline. */
  readonly call: Readonly<Record<string, unknown>>;
}

/** @throws QschedError (usage) with the reason if no config says it */
function expressed(schedule: ExportedSchedule): Expressed {
  const { scheduler, coefficients, ptqd } = schedule.document;
  if (scheduler.config === undefined) {
    throw new QschedError(
      'usage',
      "The model's scheduler_config.json is not here, so that there is nothing to write a config from.",
      'Export on the machine with the model, or --to diffusers, which needs no config.',
    );
  }
  const { type, steps, eta, timesteps, sigmas } = scheduler;
  const config = configFor(type, scheduler.config, scheduler);
  const call = { num_inference_steps: steps, ...(type === 'tcd' || type === 'ddim' ? { eta } : {}) };
  const unscaled =
    coefficients.noise.every((factor) => sameFactor(factor, 1)) &&
    scaledSample({ coefficients }) === undefined &&
    ptqd === undefined;
  if (type.startsWith('flow')) return flowConfig(schedule, config, call, unscaled ? 1 : commonFactor(schedule));
  if (unscaled) {
    const given = { ...(timesteps === undefined ? {} : { timesteps }), ...(sigmas === undefined ? {} : { sigmas }) };
    return { config, call: { ...call, ...given } };
  }
  throw refusal(schedule, `only the sigmas of flow matching leave room for a factor, and the scheduler is "${type}"`);
}

/** c^eps, the same in all steps. @throws QschedError (usage) if it differs, or it is not all that is changed */
function commonFactor(schedule: ExportedSchedule): number {
  const factors = eulerFactors(schedule, TARGET);
  if (factors.every((factor) => sameFactor(factor, factors[0]!))) return factors[0]!;
  throw refusal(
    schedule,
    `c^eps differs by step, ${listed(factors)}, and a sigma is at once the network's timestep: one list of sigmas can only scale all steps alike`,
  );
}

/** Sigmas times the factor, over as many fewer training steps. @throws QschedError (usage) if their number is not whole */
function flowConfig(schedule: ExportedSchedule, config: SchedulerConfig, call: object, factor: number): Expressed {
  const trained = Number(config['num_train_timesteps'] ?? 1000);
  const scaled = trained / factor;
  if (Math.abs(scaled / Math.round(scaled) - 1) > 1e-9) {
    const near = [Math.floor(scaled), Math.ceil(scaled)].map((whole) => `${trained}/${whole} = ${trained / whole}`);
    throw refusal(
      schedule,
      `c^eps is ${factor}, and num_train_timesteps would be ${scaled}, which must be whole; the nearest factors are ${near.join(' and ')}`,
    );
  }
  const changed = factor === 1 ? {} : { num_train_timesteps: Math.round(scaled) };
  return {
    config: { ...config, ...UNSHIFTED, ...changed },
    call: { ...call, sigmas: flowLevels(schedule, trained).map((sigma) => Number((sigma * factor).toPrecision(9))) },
  };
}

/** The list that the scheduler takes, from which it computes the timesteps. */
function flowLevels({ document, fused }: ExportedSchedule, trained: number): number[] {
  const levels = fused.steps.map(({ timestep }) => Math.fround(timestep / trained));
  return document.scheduler.config?.['invert_sigmas'] === true ? levels.map((level) => 1 - level) : levels;
}

const refusal = ({ document: { kind } }: ExportedSchedule, why: string): QschedError =>
  new QschedError('usage', `${TARGET} cannot express this schedule (${kind}): ${why}.`, EVERYWHERE);
