/**
 * `timestep_cond`: the embedding of the guidance scale that consistency-distilled UNets take in place of classifier-free
 * guidance (LCM, arXiv 2310.04378; `get_guidance_scale_embedding` of diffusers' LatentConsistencyModelPipeline).
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import type { ModelParts } from '../models/model-parts.js';
import { guidanceScale } from './guidance.js';

/** Default of LatentConsistencyModelPipeline. */
const USUAL_SCALE = 8.5;

const { fround } = Math;

/**
 * sin and cos of 1000 w e^(-i ln 10000 / (half - 1)), in float32 as torch computes it; w = scale - 1.
 *
 * @param dimension number of values; the last one of an odd number is 0
 */
export function guidanceEmbedding(scale: number, dimension: number): Float32Array {
  const half = Math.floor(dimension / 2);
  const rate = fround(fround(Math.log(10_000)) / (half - 1));
  const w = fround(1000 * fround(scale - 1));
  const angles = Float32Array.from({ length: half }, (_, i) => w * fround(Math.exp(fround(i * -rate))));
  const values = new Float32Array(dimension);
  values.set(angles.map(Math.sin));
  values.set(angles.map(Math.cos), half);
  return values;
}

/** Whether a denoiser takes the embedding. */
export const takesEmbedding = ({ graph }: ModelParts): boolean =>
  graph.inputs.some(({ name }) => name === 'timestep_cond');

/**
 * The embedding that is fed to a UNet, and what a reader should know of it.
 *
 * @throws QschedError (usage) if neither its config nor its graph tells the dimension
 */
export function embeddedGuidance(
  parts: ModelParts,
  options: PipelineOptions,
): { readonly timestep_cond: Float32Array; readonly notes: readonly string[] } {
  const axis = parts.graph.inputs.find(({ name }) => name === 'timestep_cond')?.shape[1];
  const dimension = parts.config('unet')['time_cond_proj_dim'] ?? axis;
  if (typeof dimension !== 'number' || !Number.isInteger(dimension) || dimension < 4) {
    throw new QschedError(
      'usage',
      `${join(parts.folder, 'unet/config.json')} needs "time_cond_proj_dim", the length of timestep_cond.`,
      'Copy the config.json of the UNet from the checkpoint, or export the model again.',
    );
  }
  const scale = guidanceScale(options);
  const note = `The guidance scale embedded in timestep_cond is ${USUAL_SCALE}, the default of LatentConsistencyModelPipeline.`;
  return {
    timestep_cond: guidanceEmbedding(scale ?? USUAL_SCALE, dimension),
    notes: scale === undefined ? [note] : [],
  };
}
