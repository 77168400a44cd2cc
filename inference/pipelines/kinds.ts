/**
 * Every kind of model folder by its name. The first one that matches a folder is its kind.
 */
import type { PipelineKind } from './pipeline-kind.js';
import { stableDiffusion } from './stable-diffusion.js';

export type PipelineName = 'stable-diffusion';

export const PIPELINE_KINDS: Readonly<Record<PipelineName, PipelineKind>> = {
  'stable-diffusion': stableDiffusion,
};
