/**
 * Every kind of model folder by its name, the family of models. The first one that matches a folder is its kind.
 */
import { consistency } from './consistency.js';
import { flux } from './flux.js';
import { lcm } from './lcm.js';
import type { PipelineKind } from './pipeline-kind.js';
import { sd15 } from './sd15.js';
import { sd3 } from './sd3.js';
import { sdxl } from './sdxl.js';

export type PipelineName = 'flux' | 'sd3' | 'sdxl' | 'lcm' | 'consistency' | 'sd15';

export const PIPELINE_KINDS: Readonly<Record<PipelineName, PipelineKind>> = {
  flux,
  sd3,
  sdxl,
  lcm,
  consistency,
  sd15,
};
