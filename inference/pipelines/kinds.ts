/**
 * Every kind of model folder by its name, the family of models. The first one that matches a folder is its kind.
 */
import { consistency } from './consistency.js';
import { lcm } from './lcm.js';
import type { PipelineKind } from './pipeline-kind.js';
import { sd15 } from './sd15.js';

export type PipelineName = 'lcm' | 'consistency' | 'sd15';

export const PIPELINE_KINDS: Readonly<Record<PipelineName, PipelineKind>> = {
  lcm,
  consistency,
  sd15,
};
