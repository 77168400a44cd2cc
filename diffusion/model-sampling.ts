/**
 * How a flow model is sampled according to its own model_index.json and modular_model_index.json, as diffusers 0.42.1's
 * pipelines read them. The scheduler_config.json says nothing of it.
 */
import type { SchedulerChoice } from '../contract/search-spec.js';

/** What is read of a model beside its scheduler_config.json. */
export interface ModelFiles {
  /** The keys of model_index.json and modular_model_index.json. */
  readonly modelIndex?: Readonly<Record<string, unknown>> | undefined;
  /** The pipeline kind of its folder, for example `flux`. */
  readonly pipeline?: string | undefined;
}

/** What the pipeline passes to the scheduler, where a spec does not say otherwise. */
interface ModelSampling {
  /** The model's own noise levels before shifting: they also set its number of steps. */
  readonly sigmas?: readonly number[];
  readonly mu?: SchedulerChoice['mu'];
  readonly spacing?: 'trailing' | 'linspace';
}

/** mu of Krea's distilled models, whatever the size. */
const KREA_MU = 1.15;

/**
 * `distilled_sigmas` (Cosmos 3) and `sample_sigmas` (Qwen-Image-2.1) are the noise levels; `is_distilled` fixes the shift
 * of Krea 2; FLUX.2 computes its shift from tokens and steps; Stable Diffusion 3 leaves the noise levels to the scheduler.
 */
export function modelSampling({ modelIndex = {}, pipeline = '' }: ModelFiles): ModelSampling {
  const sigmas = [modelIndex['distilled_sigmas'], modelIndex['sample_sigmas']].find(isNumbers);
  const className = typeof modelIndex['_class_name'] === 'string' ? modelIndex['_class_name'] : '';
  return {
    ...(sigmas === undefined ? {} : { sigmas }),
    ...(className.startsWith('Flux2') ? { mu: 'flux2' as const } : {}),
    ...(className.startsWith('Krea2') && modelIndex['is_distilled'] === true ? { mu: KREA_MU } : {}),
    ...(/^sd3|^stable-diffusion-3/.test(pipeline) || className.startsWith('StableDiffusion3')
      ? { spacing: 'linspace' as const }
      : {}),
  };
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number' && Number.isFinite(one));
